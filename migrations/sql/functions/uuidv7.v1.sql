-- uuidv7(): a time-ordered uuid, the default of every primary key.  Native on PostgreSQL 18; below,
-- a function of the same name, so that DEFAULT uuidv7() reads the same everywhere (RFC 9562, 6.2
-- method 1: 48 bits of milliseconds, the rest random).  A DO block, since a Python "if" on the
-- server's version does not run under alembic --sql.
DO $do$
BEGIN
    IF to_regprocedure('pg_catalog.uuidv7()') IS NULL THEN
        EXECUTE $create$
            CREATE OR REPLACE FUNCTION uuidv7() RETURNS uuid
                LANGUAGE sql VOLATILE PARALLEL SAFE
                RETURN encode(
                    set_bit(
                        set_bit(
                            overlay(
                                uuid_send(gen_random_uuid())
                                PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
                                FROM 1 FOR 6
                            ),
                            52, 1
                        ),
                        53, 1
                    ),
                    'hex'
                )::uuid
        $create$;
    END IF;
END
$do$
