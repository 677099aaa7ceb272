-- Both roles may reach what is in this schema; what they may do there, each table's own grants say.
DO $do$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO app_readwrite, app_readonly', current_schema());
END
$do$
