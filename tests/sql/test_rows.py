import pytest
from rows import DEFAULTS, insert
from sqlalchemy import text


@pytest.mark.parametrize("table", DEFAULTS)
def test_every_table_takes_a_minimal_row_twice(connection, table):
    assert insert(connection, table) != insert(connection, table)


def test_a_row_of_every_table_is_known(connection):
    tables = connection.scalars(
        text("""SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema()))
                AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'alembic_version'""")
    )
    assert set(tables) == set(DEFAULTS)
