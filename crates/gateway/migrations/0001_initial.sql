-- Times are Unix milliseconds, except where a name says otherwise.
CREATE TABLE recognition (
    lot TEXT NOT NULL, record TEXT NOT NULL, lane TEXT NOT NULL, device TEXT NOT NULL,
    plate TEXT, color TEXT NOT NULL, reliability INTEGER, image TEXT, at INTEGER NOT NULL,
    replayed INTEGER NOT NULL, event TEXT, outcome TEXT, outcome_at INTEGER,
    PRIMARY KEY (lot, record)
) WITHOUT ROWID;
CREATE INDEX recognition_at ON recognition (lot, at, record);
CREATE INDEX recognition_plate ON recognition (lot, plate, at);
CREATE INDEX recognition_event ON recognition (lot, event) WHERE event IS NOT NULL;

CREATE TABLE crossing (
    lot TEXT NOT NULL, record TEXT NOT NULL, lane TEXT NOT NULL, device TEXT NOT NULL,
    plate TEXT, color TEXT NOT NULL, at INTEGER NOT NULL, side TEXT NOT NULL,
    PRIMARY KEY (lot, record)
) WITHOUT ROWID;
CREATE INDEX crossing_at ON crossing (lot, at, record);
CREATE INDEX crossing_plate ON crossing (lot, plate, at);

-- Stays, each named by the recognition at its entry, or at its exit when no entry was seen.
CREATE TABLE stay (
    lot TEXT NOT NULL, record TEXT NOT NULL, plate TEXT, standing TEXT NOT NULL,
    entry TEXT, entry_device TEXT, entry_at INTEGER, exit TEXT, exit_device TEXT, exit_at INTEGER,
    PRIMARY KEY (lot, record)
) WITHOUT ROWID;
CREATE INDEX stay_plate ON stay (lot, plate, entry_at, exit_at);
CREATE INDEX stay_entry ON stay (lot, entry_at);
CREATE INDEX stay_exit ON stay (lot, exit_at);
CREATE INDEX stay_last ON stay (lot, coalesce(exit_at, entry_at), record);
CREATE INDEX stay_entry_record ON stay (lot, entry);
CREATE INDEX stay_exit_record ON stay (lot, exit);

-- How many vehicles were inside when somebody counted them last.
CREATE TABLE occupancy (
    lot TEXT NOT NULL PRIMARY KEY, at INTEGER NOT NULL, inside INTEGER NOT NULL
) WITHOUT ROWID;

-- Payments, in fen, by the number that the toll software gave them, each for the stay that has the
-- recognition `stay` at its entry or at its exit.
CREATE TABLE payment (
    lot TEXT NOT NULL, id TEXT NOT NULL, paid_for TEXT NOT NULL, plate TEXT, order_no TEXT NOT NULL,
    merchant_order_no TEXT NOT NULL, at INTEGER NOT NULL, fen INTEGER NOT NULL,
    pay_type TEXT NOT NULL, stay TEXT,
    PRIMARY KEY (lot, id)
) WITHOUT ROWID;
CREATE INDEX payment_at ON payment (lot, at, id);
CREATE INDEX payment_stay ON payment (lot, stay, fen);

CREATE TABLE abnormality (
    lot TEXT NOT NULL, id TEXT NOT NULL, occurrence TEXT NOT NULL, code TEXT NOT NULL,
    device TEXT, msg TEXT NOT NULL, at INTEGER NOT NULL, cleared_at INTEGER,
    PRIMARY KEY (lot, id)
) WITHOUT ROWID;
CREATE INDEX abnormality_open ON abnormality (lot, occurrence) WHERE cleared_at IS NULL;

-- The one table that says what is still to be pushed.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    lot TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
    reason TEXT, attempts INTEGER NOT NULL DEFAULT 0, settled_at INTEGER,
    UNIQUE (lot, kind, key)
);
CREATE INDEX outbox_open ON outbox (lot, state, seq);

CREATE TABLE attempt (
    seq INTEGER PRIMARY KEY,
    lot TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, number INTEGER NOT NULL,
    at INTEGER NOT NULL, outcome TEXT NOT NULL, millis INTEGER NOT NULL
);
CREATE INDEX attempt_key ON attempt (lot, kind, key);

CREATE TABLE lift (
    seq INTEGER PRIMARY KEY,
    lot TEXT NOT NULL, lane TEXT NOT NULL, act INTEGER, cause TEXT NOT NULL,
    record TEXT, at INTEGER NOT NULL, result TEXT, done_at INTEGER
);
CREATE INDEX lift_act ON lift (lot, lane, act);

-- How each barrier is operated, to be gone on with after a start.
CREATE TABLE gate (
    lot TEXT NOT NULL, lane TEXT NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (lot, lane)
) WITHOUT ROWID;

CREATE TABLE command (
    seq INTEGER PRIMARY KEY,
    lot TEXT NOT NULL, digest BLOB NOT NULL, device TEXT NOT NULL, mode TEXT NOT NULL,
    plate TEXT, at INTEGER NOT NULL, reply TEXT, replied_at INTEGER
);
CREATE INDEX command_digest ON command (lot, digest);
CREATE INDEX command_at ON command (at);

-- What people did, with name and reason.
CREATE TABLE act (
    seq INTEGER PRIMARY KEY,
    lot TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL, what TEXT NOT NULL,
    subject TEXT NOT NULL, reason TEXT NOT NULL, outcome TEXT NOT NULL
);

CREATE TABLE place (
    lot TEXT NOT NULL, place TEXT NOT NULL, status TEXT NOT NULL, image TEXT, plate TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (lot, place)
) WITHOUT ROWID;
