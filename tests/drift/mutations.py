"""What somebody might do to a database by hand: id -> (SQL, every difference that it makes)."""

TABLES = {
    "table-added": (
        "CREATE TABLE notes (id uuid)",
        "unexpected column notes.id",
        "unexpected grant notes to the owner",
        "unexpected table notes",
    ),
    "table-reloptions": ("ALTER TABLE users SET (autovacuum_vacuum_scale_factor = 0.01)", "changed table users"),
    "table-fillfactor": ("ALTER TABLE workflow_executions RESET (fillfactor)", "changed table workflow_executions"),
    "table-toast-options": ("ALTER TABLE messages SET (toast.autovacuum_enabled = false)", "changed table messages"),
    "table-unlogged": ("ALTER TABLE cache_metadata SET UNLOGGED", "changed table cache_metadata"),
    "table-replica-identity": ("ALTER TABLE users REPLICA IDENTITY FULL", "changed table users"),
    "table-replica-identity-index": (
        "ALTER TABLE users REPLICA IDENTITY USING INDEX pk_users",
        "changed index pk_users",
        "changed table users",
    ),
    "table-rls-enabled": ("ALTER TABLE messages ENABLE ROW LEVEL SECURITY", "changed table messages"),
    "table-rls-forced": ("ALTER TABLE messages FORCE ROW LEVEL SECURITY", "changed table messages"),
    "table-owner": ("CREATE ROLE stranger; ALTER TABLE users OWNER TO stranger", "changed table users"),
    "table-comment": ("COMMENT ON TABLE users IS 'people'", "changed table users"),
    "table-inherits": (
        "CREATE TABLE parent (email text NOT NULL); ALTER TABLE users INHERIT parent",
        "changed table users",
        "unexpected column parent.email",
        "unexpected grant parent to the owner",
        "unexpected table parent",
    ),
    "foreign-table": (
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE far (id int) SERVER s",
        "unexpected column far.id",
        "unexpected grant far to the owner",
        "unexpected table far",
    ),
    "partition-default-detached": (
        "ALTER TABLE logs DETACH PARTITION logs_default",
        "missing constraint logs_default.pk_logs",
        "missing index logs_default.idx_logs_created_at",
        "missing index logs_default.idx_logs_error",
        "missing index logs_default.idx_logs_request",
        "missing index logs_default.idx_logs_user",
        "missing index logs_default.pk_logs",
        "missing partition logs_default",
        "missing trigger logs_default.logs_redact_log",
        "unexpected constraint logs_default.logs_default_pkey",
        "unexpected index logs_default_created_at_id_idx",
        "unexpected index logs_default_created_at_id_idx1",
        "unexpected index logs_default_pkey",
        "unexpected index logs_default_request_id_idx",
        "unexpected index logs_default_user_id_created_at_idx",
    ),
    "partition-own-index": ("CREATE INDEX mine ON logs_default (level)", "unexpected index mine"),
    "partition-trigger-off": ("ALTER TABLE logs_default DISABLE TRIGGER logs_redact_log", "changed trigger logs_default.logs_redact_log"),
    "partition-index-option": ("ALTER INDEX logs_default_pkey SET (fillfactor = 50)", "changed index logs_default.pk_logs"),
}
MONTHS = {  # {month} is a partition that the migrations have made
    "month-trigger-off": ("ALTER TABLE {month} DISABLE TRIGGER logs_redact_log", "changed trigger logs_month.logs_redact_log"),
    "month-granted": ("GRANT SELECT ON {month} TO app_readonly", "unexpected grant logs_month to app_readonly"),
    "month-unlogged": ("ALTER TABLE {month} SET UNLOGGED", "changed table logs_month"),
    "month-default": ("ALTER TABLE ONLY {month} ALTER source SET DEFAULT 'x'", "changed column logs_month.source"),
    "month-own-index": ("CREATE INDEX mine ON {month} (level)", "unexpected index mine"),
}
COLUMNS = {
    "column-added": ("ALTER TABLE users ADD nickname text", "unexpected column users.nickname"),
    "column-dropped": (
        "ALTER TABLE chat_rooms DROP close_reason",
        "missing column chat_rooms.close_reason",
        "missing grant chat_rooms.close_reason to app_readonly",
    ),
    "column-renamed": ("ALTER TABLE users RENAME phone TO telephone", "missing column users.phone", "unexpected column users.telephone"),
    "column-type": ("ALTER TABLE users ALTER phone TYPE varchar(20)", "changed column users.phone"),
    "column-typmod": ("ALTER TABLE workflow_executions ALTER cost TYPE numeric(20, 9)", "changed column workflow_executions.cost"),
    "column-nullable": ("ALTER TABLE users ALTER name DROP NOT NULL", "changed column users.name"),
    "column-not-null": ("ALTER TABLE users ALTER phone SET NOT NULL", "changed column users.phone"),
    "column-default-changed": ("ALTER TABLE users ALTER locale SET DEFAULT 'en-US'", "changed column users.locale"),
    "column-default-dropped": ("ALTER TABLE users ALTER id DROP DEFAULT", "changed column users.id"),
    "column-default-v4": ("ALTER TABLE users ALTER id SET DEFAULT gen_random_uuid()", "changed column users.id"),
    "column-default-literal": ("ALTER TABLE users ALTER locale SET DEFAULT 'public.ko-KR'", "changed column users.locale"),
    "column-generated": (
        "ALTER TABLE ai_request_stats ALTER day_kst DROP EXPRESSION",
        "changed column ai_request_stats.day_kst",
        "changed column ai_request_stats_default.day_kst",
        "changed column ai_request_stats_month.day_kst",
    ),
    "column-identity": (
        "ALTER TABLE documents ALTER size_bytes ADD GENERATED BY DEFAULT AS IDENTITY",
        "changed column documents.size_bytes",
        "unexpected grant sequence documents_size_bytes_seq to the owner",
        "unexpected sequence documents_size_bytes_seq",
    ),
    "column-collation": ('ALTER TABLE users ALTER phone TYPE text COLLATE "C"', "changed column users.phone"),
    "column-storage": ("ALTER TABLE messages ALTER content SET STORAGE EXTERNAL", "changed column messages.content"),
    "column-compression": ("ALTER TABLE messages ALTER content SET COMPRESSION pglz", "changed column messages.content"),
    "column-statistics": ("ALTER TABLE messages ALTER content SET STATISTICS 500", "changed column messages.content"),
    "column-options": ("ALTER TABLE messages ALTER room_id SET (n_distinct = -0.1)", "changed column messages.room_id"),
    "column-comment": ("COMMENT ON COLUMN users.email IS 'lower case'", "changed column users.email"),
    "view-column-default": ("ALTER VIEW waiting_rooms ALTER room_id SET DEFAULT uuidv7()", "changed column waiting_rooms.room_id"),
}
INDEXES = {
    "index-dropped": ("DROP INDEX idx_users_status", "missing index idx_users_status"),
    "index-added": ("CREATE INDEX mine ON users (name)", "unexpected index mine"),
    "index-predicate": (
        "DROP INDEX idx_users_status; CREATE INDEX idx_users_status ON users (status) WHERE status = 'active'",
        "changed index idx_users_status",
    ),
    "index-opclass": (
        "DROP INDEX idx_documents_metadata; CREATE INDEX idx_documents_metadata ON documents USING gin (metadata)",
        "changed index idx_documents_metadata",
    ),
    "index-order": (
        "DROP INDEX idx_documents_status; CREATE INDEX idx_documents_status ON documents (status, created_at)",
        "changed index idx_documents_status",
    ),
    "index-include": (
        "DROP INDEX idx_documents_status; CREATE INDEX idx_documents_status ON documents (status, created_at DESC) INCLUDE (title)",
        "changed index idx_documents_status",
    ),
    "index-unique": (
        "DROP INDEX idx_sessions_token; CREATE INDEX idx_sessions_token ON sessions (token)",
        "changed index idx_sessions_token",
    ),
    "index-method": (
        "DROP INDEX idx_cache_metadata_namespace; CREATE INDEX idx_cache_metadata_namespace ON cache_metadata USING hash (namespace)",
        "changed index idx_cache_metadata_namespace",
    ),
    "index-renamed": ("ALTER INDEX idx_users_status RENAME TO mine", "missing index idx_users_status", "unexpected index mine"),
    "index-invalid": (
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_users_status'::regclass",
        "changed index idx_users_status",
    ),
    "index-fillfactor": ("ALTER INDEX idx_users_status SET (fillfactor = 70)", "changed index idx_users_status"),
    "index-brin": (
        "ALTER INDEX ai_request_stats_default_created_at_idx SET (pages_per_range = 32)",
        "changed index ai_request_stats_default.idx_ai_request_stats_created",
    ),
    "index-pending-list": (
        "ALTER INDEX idx_messages_content_search SET (fastupdate = off)",
        "changed index idx_messages_content_search",
    ),
    "index-clustered": ("ALTER TABLE users CLUSTER ON pk_users", "changed index pk_users"),
    "index-statistics": (
        "CREATE INDEX mine ON users (lower(name)); ALTER INDEX mine ALTER COLUMN 1 SET STATISTICS 900",
        "unexpected index mine",
    ),
    "index-comment": ("COMMENT ON INDEX idx_users_status IS 'rare states'", "changed index idx_users_status"),
    "index-nulls-not-distinct": (
        (
            "DROP INDEX uq_documents_user_sha; CREATE UNIQUE INDEX uq_documents_user_sha ON documents (user_id, sha256)"
            " NULLS NOT DISTINCT WHERE deleted_at IS NULL"
        ),
        "changed index uq_documents_user_sha",
    ),
}
CONSTRAINTS = {
    "check-dropped": ("ALTER TABLE users DROP CONSTRAINT ck_users_role_known", "missing constraint users.ck_users_role_known"),
    "check-body": (
        (
            "ALTER TABLE users DROP CONSTRAINT ck_users_role_known,"
            " ADD CONSTRAINT ck_users_role_known CHECK (role IN ('user', 'staff', 'admin', 'service', 'root'))"
        ),
        "changed constraint users.ck_users_role_known",
    ),
    "check-not-valid": (
        (
            "ALTER TABLE users DROP CONSTRAINT ck_users_failed_login_count_not_negative,"
            " ADD CONSTRAINT ck_users_failed_login_count_not_negative CHECK (failed_login_count >= 0) NOT VALID"
        ),
        "changed constraint users.ck_users_failed_login_count_not_negative",
    ),
    "check-added": ("ALTER TABLE users ADD CONSTRAINT mine CHECK (name <> '')", "unexpected constraint users.mine"),
    "check-renamed": (
        "ALTER TABLE users RENAME CONSTRAINT ck_users_role_known TO mine",
        "missing constraint users.ck_users_role_known",
        "unexpected constraint users.mine",
    ),
    "check-comment": (
        "COMMENT ON CONSTRAINT ck_users_role_known ON users IS 'x'",
        "changed constraint users.ck_users_role_known",
    ),
    "foreign-key-on-delete": (
        (
            "ALTER TABLE sessions DROP CONSTRAINT fk_sessions_user_id,"
            " ADD CONSTRAINT fk_sessions_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT"
        ),
        "changed constraint sessions.fk_sessions_user_id",
    ),
    "foreign-key-not-valid": (
        (
            "ALTER TABLE sessions DROP CONSTRAINT fk_sessions_user_id,"
            " ADD CONSTRAINT fk_sessions_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE NOT VALID"
        ),
        "changed constraint sessions.fk_sessions_user_id",
    ),
    "foreign-key-deferrable": (
        "ALTER TABLE sessions ALTER CONSTRAINT fk_sessions_user_id DEFERRABLE",
        "changed constraint sessions.fk_sessions_user_id",
    ),
    "foreign-key-off": ("ALTER TABLE sessions DISABLE TRIGGER ALL", "changed constraint sessions.fk_sessions_user_id"),
    "unique-dropped": (
        "ALTER TABLE users DROP CONSTRAINT uq_users_email",
        "missing constraint users.uq_users_email",
        "missing index uq_users_email",
    ),
    "unique-nulls-distinct": (
        (
            "ALTER TABLE ai_usage_daily DROP CONSTRAINT uq_ai_usage_daily_day_user,"
            " ADD CONSTRAINT uq_ai_usage_daily_day_user UNIQUE (day, user_id, provider, model, operation)"
        ),
        "changed constraint ai_usage_daily.uq_ai_usage_daily_day_user",
        "changed index uq_ai_usage_daily_day_user",
    ),
    "exclusion-added": (
        "ALTER TABLE users ADD CONSTRAINT mine EXCLUDE USING btree (phone WITH =)",
        "unexpected constraint users.mine",
        "unexpected index mine",
    ),
    "primary-key-dropped": (
        "ALTER TABLE cache_metadata DROP CONSTRAINT pk_cache_metadata",
        "missing constraint cache_metadata.pk_cache_metadata",
        "missing index pk_cache_metadata",
    ),
}
ROUTINES = {
    "trigger-dropped": ("DROP TRIGGER users_set_updated_at ON users", "missing trigger users.users_set_updated_at"),
    "trigger-disabled": ("ALTER TABLE users DISABLE TRIGGER users_set_updated_at", "changed trigger users.users_set_updated_at"),
    "trigger-always": ("ALTER TABLE users ENABLE ALWAYS TRIGGER users_set_updated_at", "changed trigger users.users_set_updated_at"),
    "trigger-condition": (
        "CREATE OR REPLACE TRIGGER users_set_updated_at BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION set_updated_at()",
        "changed trigger users.users_set_updated_at",
    ),
    "trigger-added": (
        "CREATE TRIGGER mine BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION set_updated_at()",
        "unexpected trigger users.mine",
    ),
    "trigger-constraint": (
        "CREATE CONSTRAINT TRIGGER mine AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION set_updated_at()",
        "unexpected trigger users.mine",
    ),
    "trigger-comment": ("COMMENT ON TRIGGER users_set_updated_at ON users IS 'x'", "changed trigger users.users_set_updated_at"),
    "function-body": (
        "CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "changed function set_updated_at()",
    ),
    "function-volatility": ("ALTER FUNCTION redact_text(text) VOLATILE", "changed function redact_text(text)"),
    "function-search-path": ("ALTER FUNCTION claim_room(uuid) RESET search_path", "changed function claim_room(uuid)"),
    "function-search-path-other": (
        "ALTER FUNCTION claim_room(uuid) SET search_path TO pg_catalog",
        "changed function claim_room(uuid)",
    ),
    "function-setting": ("ALTER FUNCTION claim_room(uuid) SET work_mem = '1GB'", "changed function claim_room(uuid)"),
    "function-security": ("ALTER FUNCTION claim_room(uuid) SECURITY DEFINER", "changed function claim_room(uuid)"),
    "function-cost": ("ALTER FUNCTION claim_room(uuid) COST 999", "changed function claim_room(uuid)"),
    "function-strict": ("ALTER FUNCTION claim_room(uuid) CALLED ON NULL INPUT", "changed function claim_room(uuid)"),
    "function-parallel": ("ALTER FUNCTION claim_room(uuid) PARALLEL SAFE", "changed function claim_room(uuid)"),
    "function-leakproof": ("ALTER FUNCTION claim_room(uuid) LEAKPROOF", "changed function claim_room(uuid)"),
    "function-rows": ("ALTER FUNCTION ensure_partitions(int) ROWS 7", "changed function ensure_partitions(integer)"),
    "function-comment": ("COMMENT ON FUNCTION claim_room(uuid) IS 'x'", "changed function claim_room(uuid)"),
    "function-owner": ("CREATE ROLE stranger; ALTER FUNCTION claim_room(uuid) OWNER TO stranger", "changed function claim_room(uuid)"),
    "function-dropped": (
        "DROP FUNCTION claim_room(uuid)",
        "missing function claim_room(uuid)",
        "missing grant claim_room(uuid) to PUBLIC",
        "missing grant claim_room(uuid) to the owner",
    ),
    "function-added": (
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
        "unexpected function mine()",
        "unexpected grant mine() to PUBLIC",
        "unexpected grant mine() to the owner",
    ),
    "procedure-added": (
        "CREATE PROCEDURE mine() LANGUAGE sql AS 'SELECT 1'",
        "unexpected grant mine() to PUBLIC",
        "unexpected grant mine() to the owner",
        "unexpected procedure mine()",
    ),
    "aggregate-added": (
        "CREATE AGGREGATE mine(int) (SFUNC = int4pl, STYPE = int)",
        "unexpected aggregate mine(integer)",
        "unexpected grant mine(integer) to PUBLIC",
        "unexpected grant mine(integer) to the owner",
    ),
}
VIEWS = {
    "view-definition": (
        "CREATE OR REPLACE VIEW ai_usage WITH (security_invoker = true) AS SELECT * FROM ({ai_usage}) AS q",
        "changed view ai_usage",
    ),
    "view-option": ("ALTER VIEW waiting_rooms RESET (security_invoker)", "changed view waiting_rooms"),
    "view-barrier": ("ALTER VIEW waiting_rooms SET (security_barrier = true)", "changed view waiting_rooms"),
    "view-owner": ("CREATE ROLE stranger; ALTER VIEW waiting_rooms OWNER TO stranger", "changed view waiting_rooms"),
    "view-comment": ("COMMENT ON VIEW waiting_rooms IS 'x'", "changed view waiting_rooms"),
    "view-added": (
        "CREATE VIEW mine AS SELECT 1 AS one",
        "unexpected column mine.one",
        "unexpected grant mine to the owner",
        "unexpected view mine",
    ),
    "materialized-view-added": (
        "CREATE MATERIALIZED VIEW mine AS SELECT 1 AS one",
        "unexpected column mine.one",
        "unexpected grant mine to the owner",
        "unexpected materialized view mine",
    ),
    "rule-added": ("CREATE RULE mine AS ON DELETE TO users DO INSTEAD NOTHING", "unexpected rule users.mine"),
    "policy-added": ("CREATE POLICY mine ON messages USING (true)", "unexpected policy messages.mine"),
    "statistics-added": ("CREATE STATISTICS mine ON status, role FROM users", "unexpected statistics mine"),
}
TYPES = {
    "domain-check-dropped": (
        # PostgreSQL 17 refuses a savepoint right after DROP CONSTRAINT, hence the comment
        "ALTER DOMAIN sha256_hex DROP CONSTRAINT sha256_format; COMMENT ON TABLE users IS NULL; CREATE TABLE x (); DROP TABLE x",
        "missing constraint sha256_hex.sha256_format",
    ),
    "domain-check-body": (
        (
            "ALTER DOMAIN sha256_hex DROP CONSTRAINT sha256_format;"
            " ALTER DOMAIN sha256_hex ADD CONSTRAINT sha256_format CHECK (VALUE ~ '^[0-9a-f]{64,}$')"
        ),
        "changed constraint sha256_hex.sha256_format",
    ),
    "domain-not-null": ("ALTER DOMAIN public_url SET NOT NULL", "changed domain public_url"),
    "domain-default": ("ALTER DOMAIN public_url SET DEFAULT 'http://x'", "changed domain public_url"),
    "domain-comment": ("COMMENT ON DOMAIN public_url IS 'x'", "changed domain public_url"),
    "domain-owner": ("CREATE ROLE stranger; ALTER DOMAIN public_url OWNER TO stranger", "changed domain public_url"),
    "enum-added": (
        "CREATE TYPE mine AS ENUM ('a')",
        "unexpected enum mine",
        "unexpected grant type mine to PUBLIC",
        "unexpected grant type mine to the owner",
    ),
    "range-added": (
        "CREATE TYPE mine AS RANGE (SUBTYPE = timestamptz)",
        "unexpected grant type mine to PUBLIC",
        "unexpected grant type mine to the owner",
        "unexpected range mine",
    ),
    "composite-added": (
        "CREATE TYPE mine AS (x int)",
        "unexpected column mine.x",
        "unexpected grant type mine to PUBLIC",
        "unexpected grant type mine to the owner",
        "unexpected type mine",
    ),
    "sequence-added": ("CREATE SEQUENCE mine", "unexpected grant sequence mine to the owner", "unexpected sequence mine"),
    "operator-added": (
        "CREATE OPERATOR === (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text)",
        "unexpected operator operator ===(text,text)",
    ),
    "collation-added": ('CREATE COLLATION mine FROM "C"', "unexpected collation collation mine"),
    "text-search-added": (
        "CREATE TEXT SEARCH CONFIGURATION mine (COPY = simple)",
        "unexpected text search configuration text search configuration mine",
    ),
    "cast-added": ("CREATE CAST (public_url AS int) WITH INOUT", "unexpected cast public_url as integer"),
    "schema-comment": ("COMMENT ON SCHEMA {schema} IS 'ours'", "unexpected schema comment"),
}
GRANTS = {
    "grant-table": ("GRANT TRUNCATE ON users TO app_readwrite", "changed grant users to app_readwrite"),
    "grant-table-public": ("GRANT SELECT ON users TO PUBLIC", "unexpected grant users to PUBLIC"),
    "grant-option": ("GRANT SELECT ON users TO app_readwrite WITH GRANT OPTION", "changed grant users to app_readwrite"),
    "revoke-table": ("REVOKE ALL ON users FROM app_readwrite", "missing grant users to app_readwrite"),
    "revoke-owner": ("DO $$ BEGIN EXECUTE 'REVOKE DELETE ON users FROM ' || current_user; END $$", "changed grant users to the owner"),
    "grant-column": ("GRANT SELECT (phone) ON users TO app_readonly", "unexpected grant users.phone to app_readonly"),
    "revoke-column": ("REVOKE SELECT (email) ON users FROM app_readonly", "missing grant users.email to app_readonly"),
    "revoke-function": ("REVOKE EXECUTE ON FUNCTION claim_room(uuid) FROM PUBLIC", "missing grant claim_room(uuid) to PUBLIC"),
    "grant-function": (
        "GRANT EXECUTE ON FUNCTION claim_room(uuid) TO app_readonly",
        "unexpected grant claim_room(uuid) to app_readonly",
    ),
    "revoke-type": ("REVOKE USAGE ON DOMAIN public_url FROM PUBLIC", "missing grant type public_url to PUBLIC"),
    "grant-schema": ("GRANT CREATE ON SCHEMA {schema} TO app_readwrite", "changed grant schema to app_readwrite"),
    "grant-schema-public": ("GRANT CREATE ON SCHEMA {schema} TO PUBLIC", "unexpected grant schema to PUBLIC"),
    "revoke-schema": ("REVOKE ALL ON SCHEMA {schema} FROM app_readonly", "missing grant schema to app_readonly"),
    "grant-stranger": ("CREATE ROLE stranger; GRANT SELECT ON messages TO stranger", "unexpected grant messages to stranger"),
    "grant-view": ("GRANT SELECT ON room_history TO app_readonly", "unexpected grant room_history to app_readonly"),
    "default-privileges-everywhere": (
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app_readonly",
        "unexpected default privileges on tables of the owner to app_readonly in every schema",
    ),
    "default-privileges": (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO app_readonly",
        "unexpected default privileges on tables of the owner to app_readonly",
    ),
    "role-login": ("ALTER ROLE app_readonly LOGIN", "changed role app_readonly"),
    "role-superuser": ("ALTER ROLE app_readonly SUPERUSER", "changed role app_readonly"),
    "role-createdb": ("ALTER ROLE app_readwrite CREATEDB", "changed role app_readwrite"),
    "role-createrole": ("ALTER ROLE app_readwrite CREATEROLE", "changed role app_readwrite"),
    "role-bypassrls": ("ALTER ROLE app_readwrite BYPASSRLS", "changed role app_readwrite"),
    "role-replication": ("ALTER ROLE app_readwrite REPLICATION", "changed role app_readwrite"),
    "role-member": ("GRANT app_readwrite TO app_readonly", "changed role app_readonly"),
    "role-predefined": ("GRANT pg_read_all_data TO app_readonly", "changed role app_readonly"),
}
MUTATIONS = TABLES | MONTHS | COLUMNS | INDEXES | CONSTRAINTS | ROUTINES | VIEWS | TYPES | GRANTS
