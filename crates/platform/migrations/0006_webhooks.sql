CREATE TABLE webhook (
  name TEXT NOT NULL PRIMARY KEY, url TEXT NOT NULL, plain INTEGER NOT NULL, ca_pem TEXT,
  -- Kinds as `A,B`, lots one a line; null for all.
  kinds TEXT, lots TEXT,
  secret TEXT NOT NULL, previous TEXT,
  enabled INTEGER NOT NULL,
  -- Every event up to this one was looked at; those that are wanted wait below.
  done INTEGER NOT NULL,
  failing_since INTEGER, why TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE delivery (
  webhook TEXT NOT NULL, event INTEGER NOT NULL, attempts INTEGER NOT NULL,
  -- In milliseconds; null when it was given up.
  due INTEGER,
  PRIMARY KEY (webhook, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery (webhook, due, event) WHERE due IS NOT NULL;
CREATE TABLE attempt (
  webhook TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL,
  event TEXT NOT NULL, kind TEXT NOT NULL, attempt INTEGER NOT NULL,
  delivered INTEGER NOT NULL, status INTEGER, said TEXT NOT NULL, millis INTEGER NOT NULL,
  PRIMARY KEY (webhook, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_by_moment ON attempt (webhook, at, number);
