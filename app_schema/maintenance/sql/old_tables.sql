-- Tables and partitions whose transaction numbers are half-way to the age at which autovacuum freezes in a hurry.
SELECT c.relname::text AS "table", age(c.relfrozenxid) AS age
FROM pg_class AS c
WHERE c.relnamespace = to_regnamespace(%(schema)s) AND c.relkind IN ('r', 'm') AND pg_has_role(c.relowner, 'USAGE')
    AND age(c.relfrozenxid) > current_setting('autovacuum_freeze_max_age')::int / 2
ORDER BY age(c.relfrozenxid) DESC, c.relname
