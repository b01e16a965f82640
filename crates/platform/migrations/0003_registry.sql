-- What is registered beside the configuration file.
CREATE TABLE supplier (
  app_id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL,
  secret TEXT NOT NULL, previous TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE lot (
  lot TEXT NOT NULL PRIMARY KEY, supplier TEXT NOT NULL, definition TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX lot_by_supplier ON lot (supplier);
