"""A cluster goes and comes back."""

from databases import make_home, remove_home

from app_schema.physical.base import base, incremental
from app_schema.restore.cluster import restore
from app_schema.restore.target import Target


def test_base_and_incremental_come_back_with_their_rows(source):
    base(source.settings, source.folder)
    source.add("after the base")
    newest = incremental(source.settings, source.folder)
    home = make_home()
    try:
        done = restore(source.settings, source.folder, Target(), home / "restored", start=True)
        assert done.plan.backup.id == newest.id
        assert done.differences == ()
        with source.connect(done.url) as connection:
            assert connection.execute("SELECT count(*) FROM facts").fetchone() == (2001,)
            assert connection.execute("SHOW archive_mode").fetchone() == ("off",)
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    finally:
        remove_home(home / "restored")
        remove_home(home)
