-- The runs of the program: a run that has not stopped and does not run was cut off.
CREATE TABLE run (
    seq INTEGER PRIMARY KEY,
    version TEXT NOT NULL, started_at INTEGER NOT NULL, alive_at INTEGER NOT NULL, stopped_at INTEGER
);

-- Presses of anti-smash loops that do not count yet, each as the crossing that it is if it lasts.
CREATE TABLE press (
    lot TEXT NOT NULL, record TEXT NOT NULL, lane TEXT NOT NULL, device TEXT NOT NULL,
    plate TEXT, color TEXT NOT NULL, at INTEGER NOT NULL, side TEXT NOT NULL,
    unrecognized INTEGER NOT NULL, outcome TEXT NOT NULL, abnormality TEXT, code TEXT, msg TEXT,
    PRIMARY KEY (lot, record)
) WITHOUT ROWID;

-- Crossings since somebody counted the vehicles inside, of those that have become too old.
CREATE TABLE occupancy_carried (
    lot TEXT NOT NULL PRIMARY KEY, entered INTEGER NOT NULL, left INTEGER NOT NULL
) WITHOUT ROWID;

-- Payments that are for no stay yet.
CREATE INDEX payment_of_no_stay ON payment (lot, plate, at) WHERE stay IS NULL;

-- Each time that a device was lost, or answered again.
CREATE TABLE device_state (
    seq INTEGER PRIMARY KEY,
    lot TEXT NOT NULL, lane TEXT NOT NULL, device TEXT NOT NULL, online INTEGER NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX device_state_device ON device_state (lot, device, seq);

-- Passages that are not over.
CREATE INDEX recognition_open ON recognition (lot) WHERE outcome IS NULL;

-- Which record a picture goes with.
CREATE INDEX recognition_image ON recognition (image) WHERE image IS NOT NULL;

-- What becomes too old is found by its age.
CREATE INDEX attempt_at ON attempt (lot, at);
CREATE INDEX lift_at ON lift (lot, at);
CREATE INDEX command_lot_at ON command (lot, at);
CREATE INDEX act_at ON act (lot, at);
CREATE INDEX device_state_at ON device_state (lot, at);
CREATE INDEX abnormality_at ON abnormality (lot, at);
