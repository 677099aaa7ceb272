-- The group role app_readwrite: reads and writes rows; changes no schema. Login roles are made members of it.
-- Roles belong to the whole cluster: made only when missing, never dropped by a downgrade.
DO $do$
BEGIN
    IF to_regrole('app_readwrite') IS NULL THEN
        CREATE ROLE app_readwrite NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        NULL; -- a migrator in another database was faster
    WHEN insufficient_privilege THEN
        RAISE insufficient_privilege USING MESSAGE =
            'the role app_readwrite is missing and this user may not create it; an administrator can, with: '
            'CREATE ROLE app_readwrite NOLOGIN; CREATE ROLE app_readonly NOLOGIN;';
END
$do$
