CREATE TABLE user (
  name TEXT NOT NULL PRIMARY KEY, role TEXT NOT NULL,
  -- `A,B`; null where the role is bound to no lots.
  lots TEXT,
  password TEXT NOT NULL, must_change INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE api_key (
  digest BLOB NOT NULL PRIMARY KEY, user TEXT NOT NULL, label TEXT NOT NULL,
  made INTEGER NOT NULL, until INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_key_by_user ON api_key (user, made);
