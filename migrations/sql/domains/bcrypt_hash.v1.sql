-- A bcrypt password hash of cost 10 to 31, as users.password_hash and agents.password_hash hold it.
-- A domain rather than a table CHECK: a failing CHECK prints the whole row in DETAIL, and with it
-- the plaintext that somebody put where a hash belongs; a failing domain prints no value.
CREATE DOMAIN bcrypt_hash AS text
    CONSTRAINT bcrypt_format CHECK (VALUE ~ '^\$2[aby]\$(1[0-9]|2[0-9]|3[01])\$[./A-Za-z0-9]{53}$')
