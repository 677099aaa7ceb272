"""Whatever is done to a database by hand is noticed, and nothing else is said."""

import re

import pytest
from mutations import MUTATIONS
from sqlalchemy import text

from app_schema import drift
from app_schema.engine import quoted
from app_schema.models import metadata

A_MONTH = text("SELECT max(relname) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'logs\\_y%'")
AI_USAGE = text("SELECT rtrim(pg_get_viewdef(to_regclass('ai_usage')), ';')")


def mutate(connection, schema, sql):
    for name, value in (
        ("{schema}", quoted(schema)),
        ("{month}", connection.scalar(A_MONTH)),
        ("{ai_usage}", connection.scalar(AI_USAGE)),
    ):
        sql = sql.replace(name, value)
    connection.execute(text(sql.replace(":", r"\:")))


def noticed(connection, schema):
    found = drift.differences(connection, metadata, schema)
    return sorted({re.sub(r"_y\d{4}m\d{2}", "_month", f"{each.change} {each.kind} {each.name}") for each in found})


@pytest.mark.parametrize(("sql", "expected"), [pytest.param(sql, expected, id=id_) for id_, (sql, *expected) in MUTATIONS.items()])
def test_every_mutation_is_noticed_and_named(connection, sql, expected):
    mutate(connection, "public", sql)
    assert noticed(connection, "public") == sorted(expected)


@pytest.mark.parametrize("id_", ["column-default-v4", "function-search-path", "month-unlogged", "grant-schema-public", "view-definition"])
def test_also_in_a_schema_whose_name_needs_quotes(place, id_):
    connection, schema = place
    sql, *expected = MUTATIONS[id_]
    mutate(connection, schema, sql)
    assert noticed(connection, schema) == sorted(expected)


def test_a_month_with_other_bounds_is_no_month_of_maintenance(connection):
    mutate(connection, "public", "CREATE TABLE logs_y2001m01 PARTITION OF logs FOR VALUES FROM ('2001-01-01') TO ('2001-03-01')")
    found = drift.differences(connection, metadata, "public")
    partition = next(each for each in found if each.kind == "partition")
    assert (partition.change, partition.name) == ("unexpected", "logs_y2001m01")
    assert "2001-03-01" in partition.found


def test_a_missing_role_is_told_without_every_grant_that_went_with_it(connection):
    mutate(connection, "public", "ALTER ROLE app_readonly RENAME TO app_reader")
    found = noticed(connection, "public")
    assert found == ["missing role app_readonly"]
