-- Masks personal data and secrets in every log row before it is stored, in every partition
-- (a row trigger on a partitioned table is cloned to each).  Also on UPDATE, else a later edit brings them in.
CREATE OR REPLACE TRIGGER logs_redact_log
    BEFORE INSERT OR UPDATE ON logs
    FOR EACH ROW EXECUTE FUNCTION redact_log()
