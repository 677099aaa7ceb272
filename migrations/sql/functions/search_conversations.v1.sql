-- The newest conversations whose title contains every word of a query, or their initial consonants (ㅎㅂ finds 환불); deleted ones left out.
-- Newest goes by id.  The next page: p_before and p_before_exact of the last row.  The rest is as in search_messages.
CREATE OR REPLACE FUNCTION search_conversations(
    p_query text,
    p_limit int DEFAULT 20,
    p_before uuid DEFAULT NULL,
    p_before_exact boolean DEFAULT true,
    p_user_id uuid DEFAULT NULL,
    p_order text DEFAULT 'newest',
    p_inflected boolean DEFAULT false,
    p_spacing boolean DEFAULT false
) RETURNS TABLE (conversation_id uuid, created_at timestamptz, user_id uuid, title text, exact boolean, score real)
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20
    SET search_path FROM CURRENT
AS $$
BEGIN
    RETURN QUERY
    SELECT t.id, t.created_at, t.user_id, t.title, f.exact, f.score
    FROM search_titles(
        'conversations', 'title', p_query, p_limit, p_before, p_before_exact, p_user_id, p_order, p_inflected, p_spacing
    ) WITH ORDINALITY AS f (id, exact, score, place)
    JOIN conversations AS t ON t.id = f.id
    ORDER BY f.place;
END
$$
