CREATE TABLE outage (
  lot TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER,
  PRIMARY KEY (lot, since)
) STRICT, WITHOUT ROWID;
CREATE INDEX outage_by_moment ON outage (since, lot);
CREATE TABLE checkpoint (lot TEXT NOT NULL PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE command (
  lot TEXT NOT NULL, id TEXT NOT NULL, device TEXT NOT NULL, what TEXT NOT NULL, plate TEXT,
  text TEXT, asked_by TEXT NOT NULL, reason TEXT NOT NULL, asked_at INTEGER NOT NULL,
  state TEXT NOT NULL, said TEXT NOT NULL, done_at INTEGER,
  PRIMARY KEY (lot, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX command_by_moment ON command (asked_at, lot, id);
CREATE INDEX command_open ON command (lot) WHERE state = 'asked';
CREATE INDEX recognition_by_moment ON recognition (at, lot, uuid);
CREATE INDEX crossing_by_moment ON crossing (at, lot, uuid);
CREATE INDEX abnormality_by_moment ON abnormality (received, lot);
CREATE INDEX decision_by_moment ON decision (at, lot, number);
ALTER TABLE block ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
