-- Lanes whose anti-smash loop is pressed and whose crossing is written down: whoever tells of that press
-- again after a start tells nothing new.
CREATE TABLE pressed (lot TEXT NOT NULL, lane TEXT NOT NULL, PRIMARY KEY (lot, lane)) WITHOUT ROWID;
