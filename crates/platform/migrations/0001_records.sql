CREATE TABLE recognition (
  lot TEXT NOT NULL, uuid TEXT NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL,
  plate TEXT, color TEXT NOT NULL, reliability INTEGER, image TEXT NOT NULL,
  pushed INTEGER NOT NULL, fetched INTEGER NOT NULL,
  PRIMARY KEY (lot, uuid)
) STRICT, WITHOUT ROWID;
CREATE INDEX recognition_by_time ON recognition (lot, at);
CREATE INDEX recognition_by_moment ON recognition (at, lot, uuid);
CREATE TABLE crossing (
  lot TEXT NOT NULL, uuid TEXT NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL,
  plate TEXT, color TEXT NOT NULL, reliability INTEGER, image TEXT NOT NULL,
  pushed INTEGER NOT NULL, fetched INTEGER NOT NULL,
  -- Which way it was counted; null where the recognizer has no direction.
  direction TEXT,
  PRIMARY KEY (lot, uuid)
) STRICT, WITHOUT ROWID;
CREATE INDEX crossing_by_time ON crossing (lot, at);
CREATE INDEX crossing_by_moment ON crossing (at, lot, uuid);
CREATE TABLE correction (
  lot TEXT NOT NULL, number INTEGER NOT NULL, uuid TEXT NOT NULL, was TEXT, plate TEXT,
  by TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (lot, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX correction_by_record ON correction (lot, uuid, number);
CREATE INDEX correction_by_moment ON correction (at, lot, number);
-- The crossings of known vehicles at lanes with a direction: what stays are paired from.
CREATE TABLE passage (
  lot TEXT NOT NULL, vehicle TEXT NOT NULL, at INTEGER NOT NULL, uuid TEXT NOT NULL,
  device TEXT NOT NULL, direction TEXT NOT NULL,
  PRIMARY KEY (lot, vehicle, at, uuid)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX passage_by_record ON passage (lot, uuid);
CREATE TABLE stay (
  lot TEXT NOT NULL, uuid TEXT NOT NULL, vehicle TEXT NOT NULL, state TEXT NOT NULL,
  began INTEGER NOT NULL, in_at INTEGER, in_device TEXT,
  out_uuid TEXT, out_at INTEGER, out_device TEXT, superseded_by TEXT,
  PRIMARY KEY (lot, uuid)
) STRICT, WITHOUT ROWID;
CREATE INDEX stay_by_moment ON stay (began, lot, uuid);
CREATE INDEX stay_by_exit ON stay (lot, out_uuid);
CREATE INDEX stay_unpaired ON stay (lot, state, began) WHERE state <> 'closed';
CREATE TABLE occupancy (
  lot TEXT NOT NULL PRIMARY KEY, base INTEGER NOT NULL, since INTEGER NOT NULL,
  -- Entries less exits later than `since`.
  moved INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE abnormality (
  lot TEXT NOT NULL, digest BLOB NOT NULL, code TEXT NOT NULL, device TEXT, msg TEXT NOT NULL,
  received INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'open',
  acknowledged_by TEXT, acknowledged_at INTEGER, cleared_by TEXT, cleared_at INTEGER,
  PRIMARY KEY (lot, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX abnormality_by_moment ON abnormality (received, lot);
CREATE TABLE decision (
  lot TEXT NOT NULL, number INTEGER NOT NULL, uuid TEXT NOT NULL, at INTEGER NOT NULL,
  pass INTEGER NOT NULL, reason TEXT NOT NULL, facts TEXT NOT NULL,
  PRIMARY KEY (lot, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_by_record ON decision (lot, uuid);
CREATE INDEX decision_by_moment ON decision (at, lot, number);
