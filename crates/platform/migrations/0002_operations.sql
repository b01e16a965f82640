CREATE TABLE permit (
  -- lots and lanes as `A,B`, hours as `1-5 08:00-18:00`; null for all. The three are the scope.
  plate TEXT NOT NULL, kind TEXT NOT NULL, valid_from INTEGER NOT NULL, scope TEXT NOT NULL,
  valid_to INTEGER NOT NULL, lots TEXT, lanes TEXT, hours TEXT, note TEXT NOT NULL,
  PRIMARY KEY (plate, kind, valid_from, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX permit_by_moment ON permit (valid_from);
CREATE TABLE block (
  plate TEXT NOT NULL PRIMARY KEY, reason TEXT NOT NULL, since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
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
CREATE TABLE audit (
  lot TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL,
  act TEXT NOT NULL, target TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (lot, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_by_moment ON audit (at, lot, number);
