-- The group role app_readonly: reads rows, but no secret, address or message. Login roles are made members of it.
-- Roles belong to the whole cluster: made only when missing, never dropped by a downgrade.
DO $do$
BEGIN
    IF to_regrole('app_readonly') IS NULL THEN
        CREATE ROLE app_readonly NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        NULL; -- a migrator in another database was faster
    WHEN insufficient_privilege THEN
        RAISE insufficient_privilege USING MESSAGE =
            'the role app_readonly is missing and this user may not create it; an administrator can, with: '
            'CREATE ROLE app_readwrite NOLOGIN; CREATE ROLE app_readonly NOLOGIN;';
END
$do$
