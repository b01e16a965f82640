-- What happened, numbered without gaps in the order of the commits. The newest row is never
-- deleted: the next number follows from it.
CREATE TABLE event (
  number INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL,
  -- One a line; null for every lot.
  lots TEXT,
  data TEXT NOT NULL
) STRICT;
