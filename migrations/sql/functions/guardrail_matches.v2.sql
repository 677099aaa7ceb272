-- The enabled guardrails that a text sets off at a stage ('input' or 'output'), in the order they apply.
-- Called by the backend before and after a model answers.  regex is PostgreSQL's dialect, keyword a substring in any
-- case, pii what redact_personal would mask (personal data; no secrets, no addresses of machines), length more than
-- config.max characters; llm is for the backend, never matched here.
-- CASE, not OR: only a CASE keeps a keyword from being compiled as a regular expression.
CREATE OR REPLACE FUNCTION guardrail_matches(p_text text, p_stage text)
    RETURNS TABLE (guardrail_id uuid, name text, action text, severity smallint)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 5
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF p_stage NOT IN ('input', 'output') THEN
        RAISE EXCEPTION 'p_stage must be input or output' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    RETURN QUERY
    SELECT g.id, g.name, g.action, g.severity
    FROM guardrails AS g
    WHERE g.enabled
        AND g.stage IN (p_stage, 'both')
        AND CASE g.rule_type
            WHEN 'regex' THEN p_text ~ g.pattern
            WHEN 'keyword' THEN g.pattern <> '' AND strpos(lower(normalize(p_text, NFC)), lower(normalize(g.pattern, NFC))) > 0
            WHEN 'pii' THEN redact_personal(redact_fold(p_text)) <> translate(redact_fold(p_text), chr(1), '')
            WHEN 'length' THEN
                CASE WHEN g.config ->> 'max' ~ '^[0-9]+$' THEN length(p_text) > (g.config ->> 'max')::numeric ELSE false END
            ELSE false
        END
    ORDER BY g.priority, g.id;
END
$$
