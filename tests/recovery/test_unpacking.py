"""Archives of a backup's folder that somebody has tampered with, unpacked."""

import io
import shutil
import tarfile

import pytest

from app_schema.errors import BackupDamaged
from app_schema.physical.unpacking import unpack


def packed(*members):
    """A tar archive of a backup's folder with more in it than there should be."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, kind, link in (("b.cluster", tarfile.DIRTYPE, ""), ("b.cluster/data", tarfile.DIRTYPE, ""), *members):
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.mode = kind, link, 0o6777
            tar.addfile(member)
    target.seek(0)
    return target


@pytest.mark.parametrize(
    "member",
    [
        ("../escaped", tarfile.REGTYPE, ""),
        ("/tmp/escaped", tarfile.REGTYPE, ""),
        ("b.cluster/../escaped", tarfile.REGTYPE, ""),
        ("b.cluster/data/../../../escaped", tarfile.REGTYPE, ""),
        ("b.cluster//escaped", tarfile.REGTYPE, ""),
        ("b.cluster//tmp/escaped", tarfile.REGTYPE, ""),
        ("b.cluster/data//escaped", tarfile.REGTYPE, ""),
        ("b.cluster/data/..", tarfile.REGTYPE, ""),
        ("b.cluster/..", tarfile.DIRTYPE, ""),
        ("b.cluster/missing/escaped", tarfile.REGTYPE, ""),
        ("another.cluster/escaped", tarfile.REGTYPE, ""),
        ("b.cluster/data/link", tarfile.SYMTYPE, "/etc"),
        ("b.cluster/data/pg_tblspc/../link", tarfile.SYMTYPE, "/etc"),
        ("b.cluster/data/link", tarfile.LNKTYPE, "../../secret"),
        ("b.cluster/data/device", tarfile.CHRTYPE, ""),
        ("b.cluster/data/pipe", tarfile.FIFOTYPE, ""),
    ],
)
def test_an_archive_that_would_leave_its_folder(member, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    with pytest.raises(BackupDamaged, match=r"outside|neither file nor folder|cannot be unpacked"):
        unpack(packed(member), tree, "b.cluster")
    assert [path.name for path in tmp_path.rglob("*")] == ["tree", "data"]


def test_a_file_is_written_with_our_mode(tmp_path):
    """Without tarfile's filters, which Python has only from 3.11.4 on; one that was cut off is damaged."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        folder = tarfile.TarInfo("b.cluster")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        file = tarfile.TarInfo("b.cluster/file")
        file.size, file.mode = 3_000_000, 0o6777
        tar.addfile(file, io.BytesIO(bytes(range(250)) * 12_000))
    tree = tmp_path / "tree"
    tree.mkdir()
    target.seek(0)
    unpack(target, tree, "b.cluster")
    assert (tree / "file").read_bytes() == bytes(range(250)) * 12_000
    assert (tree / "file").stat().st_mode & 0o7777 == 0o600

    cut = tmp_path / "cut"
    cut.mkdir()
    with pytest.raises(BackupDamaged, match="cannot be unpacked: unexpected end of data"):
        unpack(io.BytesIO(target.getvalue()[:1_000_000]), cut, "b.cluster")


def test_a_link_leads_to_the_tablespace_beside_it(tmp_path):
    """Wherever the archive says that it was; and no mode but ours."""
    members = [
        ("b.cluster/data/pg_tblspc", tarfile.DIRTYPE, ""),
        ("b.cluster/data/pg_tblspc/16384", tarfile.SYMTYPE, "/etc"),
        ("b.cluster/tablespaces", tarfile.DIRTYPE, ""),
        ("b.cluster/tablespaces/16384", tarfile.DIRTYPE, ""),
        ("b.cluster/data/pg_tblspc/16384/inside", tarfile.REGTYPE, ""),
    ]
    (tmp_path / "tree").mkdir()
    with pytest.raises(BackupDamaged):  # a file is never beneath the link: it is in the folder that it leads to
        unpack(packed(*members[:2], members[4]), tmp_path / "tree", "b.cluster")
    shutil.rmtree(tmp_path / "tree")
    (tmp_path / "tree").mkdir()
    unpack(packed(*members[:4]), tmp_path / "tree", "b.cluster")
    link = tmp_path / "tree/data/pg_tblspc/16384"
    assert link.readlink() == tmp_path / "tree/tablespaces/16384"
    assert {path.stat().st_mode & 0o7777 for path in (tmp_path / "tree").rglob("*")} == {0o700}
