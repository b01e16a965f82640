-- Failed pushes by their time, for the platform to fetch page by page without a look at every record.
CREATE INDEX outbox_failed ON outbox (lot, kind, at, key) WHERE state = 'failed';
