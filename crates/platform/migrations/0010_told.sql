-- When its supplier gave the account of a record that is believed, in seconds since 1970 by the supplier's
-- clock; 0 where nobody wrote that down.
ALTER TABLE recognition ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
ALTER TABLE crossing ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
