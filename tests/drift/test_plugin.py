"""Plain Alembic sees what app-schema db check sees."""

import pytest
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from app_schema import drift, migrate
from app_schema.models import metadata

OPTIONS = {
    "target_metadata": metadata,
    "compare_server_default": True,
    "include_name": lambda name, kind, _parents: kind != "table" or not migrate.is_partition(name),
    "autogenerate_plugins": ["alembic.autogenerate.*", drift.PLUGIN],
}


def propose(connection):
    return produce_migrations(MigrationContext.configure(connection, opts=OPTIONS), metadata)


def test_alembic_proposes_nothing_for_a_clean_database(place):
    connection, schema = place
    connection.dialect.default_schema_name = schema
    assert propose(connection).upgrade_ops.as_diffs() == []


@pytest.mark.parametrize(
    ("sql", "cure"),
    [
        ("DROP FUNCTION claim_room(uuid)", '# objects.run("functions/claim_room", 1)'),
        ("DROP TRIGGER users_set_updated_at ON users", '# objects.run("triggers/users_set_updated_at", 1)'),
        ("ALTER VIEW ai_usage RESET (security_invoker)", '# objects.run("views/ai_usage", 1)'),
        ("REVOKE SELECT (email) ON users FROM app_readonly", '# objects.run("grants/users", 1)'),
        ("CREATE FUNCTION mine() RETURNS int RETURN 1", "# drop it, or declare it"),
        ("ALTER TABLE users ENABLE ROW LEVEL SECURITY", "# an op of Alembic's above may cover it"),
    ],
)
def test_a_revision_says_what_to_run(connection, sql, cure):
    connection.execute(text(sql))
    script = propose(connection)
    for operations in (script.upgrade_ops, script.downgrade_ops):
        compile("def change():\n    " + render_python_code(operations), "revision", "exec")
    assert cure in render_python_code(script.upgrade_ops)
    assert any(diff[0] == "catalog_drift" for diff in script.upgrade_ops.as_diffs())
