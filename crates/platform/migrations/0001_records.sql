CREATE TABLE recognition (
  lot TEXT NOT NULL, uuid TEXT NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL,
  plate TEXT, color TEXT NOT NULL, reliability INTEGER, image TEXT NOT NULL,
  pushed INTEGER NOT NULL, fetched INTEGER NOT NULL,
  PRIMARY KEY (lot, uuid)
) STRICT, WITHOUT ROWID;
CREATE INDEX recognition_by_time ON recognition (lot, at);
CREATE TABLE crossing (
  lot TEXT NOT NULL, uuid TEXT NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL,
  plate TEXT, color TEXT NOT NULL, reliability INTEGER, image TEXT NOT NULL,
  pushed INTEGER NOT NULL, fetched INTEGER NOT NULL,
  PRIMARY KEY (lot, uuid)
) STRICT, WITHOUT ROWID;
CREATE INDEX crossing_by_time ON crossing (lot, at);
CREATE TABLE abnormality (
  lot TEXT NOT NULL, digest BLOB NOT NULL, code TEXT NOT NULL, device TEXT, msg TEXT NOT NULL,
  received INTEGER NOT NULL,
  PRIMARY KEY (lot, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE decision (
  lot TEXT NOT NULL, number INTEGER NOT NULL, uuid TEXT NOT NULL, at INTEGER NOT NULL,
  pass INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (lot, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_by_record ON decision (lot, uuid);
CREATE TABLE permit (
  lot TEXT NOT NULL, plate TEXT NOT NULL, kind TEXT NOT NULL,
  valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL,
  PRIMARY KEY (lot, plate, kind, valid_from)
) STRICT, WITHOUT ROWID;
CREATE TABLE block (plate TEXT NOT NULL PRIMARY KEY, reason TEXT NOT NULL) STRICT, WITHOUT ROWID;
