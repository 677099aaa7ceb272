"""Settings in the data directory that lead out of it, and settings that were changed after the base."""

import pytest
from folders import place
from sources import Source

from app_schema.embedded import EmbeddedServer
from app_schema.embedded.cluster import CONF
from app_schema.physical.base import base
from app_schema.physical.directives import Grammar, Reference, included, lists, references, setting
from app_schema.restore.cluster import restore
from app_schema.restore.isolation import BEGIN, END
from app_schema.restore.target import Target


def test_a_file_outside_and_a_link(target):
    """An included file and a linked one come along, and what holds in its place stays as it is; a read-only server is checked, too."""
    with place() as home:
        source = Source.make(home)
        data, outside = source.server.data, home / "common.conf"
        outside.write_text("work_mem = '9MB'\n")
        outside.chmod(0o644)
        with (data / "postgresql.conf").open("a") as conf:
            conf.write(f"include '{outside}'\nrecovery_target_name = 'never'\n")
        ident = data / "pg_ident.conf"
        ident.rename(home / "ident.conf")
        ident.symlink_to(home / "ident.conf")  # pg_basebackup leaves it out
        source.server.stop()
        source.server.start()
        with source.receiving():
            entry = base(source.settings, source.folder)
            with source.connect() as connection:
                connection.execute("ALTER SYSTEM SET max_prepared_transactions = 7")
                connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
                connection.execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
            source.server.stop()
            source.server.start()
            with source.connect() as connection:
                connection.execute("BEGIN READ WRITE; INSERT INTO facts (text) VALUES ('x'); PREPARE TRANSACTION 'one'")
                connection.execute("BEGIN READ WRITE; SELECT pg_switch_wal(); COMMIT")
            source.wait_for_receiver()
        assert {file.path for file in entry.physical.configuration.files} == {str(outside), str(ident)}
        assert (entry.remarks, entry.physical.checksums) == ((), True)
        outside.unlink()
        done = restore(source.settings, source.folder, Target(), target, start=True)
        assert done.differences == ()
        with source.connect(done.url) as connection:
            assert connection.execute("SHOW work_mem").fetchone() == ("9MB",)
            assert connection.execute("SHOW max_prepared_transactions").fetchone() == ("7",)
        conf = (target / "data/postgresql.conf").read_text()
        assert f"\ninclude '{CONF}'" in conf
        assert "\n# recovery_target_name = 'never'\n" in conf
        assert not (target / "data/pg_ident.conf").is_symlink()
        auto = target / "data/postgresql.auto.conf"
        EmbeddedServer(target).stop()
        before, _, rest = auto.read_text().partition(BEGIN)
        auto.write_text(before + rest.partition(END)[2])
        assert EmbeddedServer(target).start()  # at its own socket, as CONF says


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("include_dir = 'conf.d'  # more", Reference("/etc/conf.d", folder=True)),
        ("Include_If_Exists '../a b.conf'", Reference("/a b.conf", optional=True)),
        ("include 'it''s\\\\.conf'", Reference("/etc/it's\\.conf")),
        ("include relative.conf", Reference("/etc/relative.conf")),
        ("#include 'a.conf'", None),
        ("work_mem = '5MB' # include 'a.conf'", None),
        ("includes = 'a.conf'", None),
    ],
)
def test_what_a_line_of_settings_includes(line, found):
    assert included(line, Grammar.SETTINGS, "/etc") == found


def test_what_a_line_of_rules_refers_to():
    text = '# @no\ninclude "more rules"\nhost "@no",@yes,@"a b" user@no 127.0.0.1/32 trust # @no\nlocal all @/abs peer\n'
    assert [reference.path for reference in references(text, Grammar.RULES, "/etc")] == ["/etc/more rules", "/etc/yes", "/etc/a b", "/abs"]
    assert [written for written, _ in lists("host @yes all", "/etc")] == ["@yes"]
    assert (setting("Work_Mem 5MB"), setting("# work_mem = 5MB"), setting("")) == ("work_mem", None, None)
