-- From where it may call, as `A,B`; null for any address.
ALTER TABLE supplier ADD COLUMN addresses TEXT;
