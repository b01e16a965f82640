-- Rows lie in the order in which they come. What a random uuid touches is one page of a dense index,
-- and a decision is found by the number of its recognition, so that its index is only appended to.
CREATE TABLE recognition_numbered (
  id INTEGER PRIMARY KEY,
  lot TEXT NOT NULL, uuid TEXT NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL,
  plate TEXT, color TEXT NOT NULL, reliability INTEGER, image TEXT NOT NULL,
  pushed INTEGER NOT NULL, fetched INTEGER NOT NULL,
  UNIQUE (uuid, lot)
) STRICT;
INSERT INTO recognition_numbered (lot, uuid, device, at, plate, color, reliability, image, pushed,
  fetched)
  SELECT lot, uuid, device, at, plate, color, reliability, image, pushed, fetched
  FROM recognition ORDER BY at, lot, uuid;
CREATE TABLE decision_numbered (
  lot TEXT NOT NULL, number INTEGER NOT NULL, uuid TEXT NOT NULL, at INTEGER NOT NULL,
  pass INTEGER NOT NULL, reason TEXT NOT NULL, facts TEXT NOT NULL,
  -- The recognition, as long as it is here; its `uuid` tells whether it still is the same.
  record INTEGER NOT NULL,
  PRIMARY KEY (lot, number)
) STRICT, WITHOUT ROWID;
INSERT INTO decision_numbered
  SELECT d.*, coalesce((SELECT id FROM recognition_numbered r WHERE r.uuid = d.uuid
    AND r.lot = d.lot), 0)
  FROM decision d ORDER BY lot, number;
DROP TABLE recognition;
DROP TABLE decision;
ALTER TABLE recognition_numbered RENAME TO recognition;
ALTER TABLE decision_numbered RENAME TO decision;
CREATE INDEX recognition_by_time ON recognition (lot, at);
CREATE INDEX recognition_by_moment ON recognition (at, lot, uuid);
CREATE INDEX decision_by_record ON decision (record);
CREATE INDEX decision_by_moment ON decision (at, lot, number);
