-- When the last pass began that asked a lot for all it may have.
ALTER TABLE checkpoint ADD COLUMN whole INTEGER;
