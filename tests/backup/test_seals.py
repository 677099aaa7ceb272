"""With a key, backups carry a seal that only machines with that key can make; what lacks it is restored only when asked."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO

import pytest
from buckets import bucket
from click.testing import CliRunner
from places import age_keys, made, passphrase, spare

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import dump
from app_schema.backup.entry import Entry
from app_schema.backup.event import Drill
from app_schema.backup.folder import Folder
from app_schema.backup.gpg import Gpg
from app_schema.backup.holding import Part, Physical
from app_schema.backup.prune import prune
from app_schema.backup.retention import decide, policy
from app_schema.backup.seal import ENTRY, Seal
from app_schema.backup.upload import Bucket, upload
from app_schema.cli import main
from app_schema.engine import connect_to
from app_schema.errors import BackupDamaged, BackupUnknown, EncryptionError, ServerUnreachable
from app_schema.physical.sealing import seal_entry
from app_schema.restore.source import Source
from app_schema.settings import Settings
from app_schema.urls import parse_url

pytestmark = pytest.mark.usefixtures("broken_off")
WORDS = "c4nary-c4nary-c4nary-c4nary-c4nary"


def key_of(place, words=WORDS):
    path = place / f"seal-{abs(hash(words))}"
    path.write_text(f"{words}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def key(tmp_path):
    return key_of(tmp_path)


@pytest.fixture
def host(folder, key):
    """The folder of a machine with the key."""
    return Folder.at(folder.path, key)


@pytest.fixture
def sealed(settings, host, key):
    """A dump that it took."""
    return dump(settings.model_copy(update={"backup_seal_key_file": key}), host)


@pytest.fixture
def objects():
    with bucket() as objects:
        yield objects


@pytest.fixture
def there(tmp_path):
    """The empty folder of another machine."""
    (tmp_path / "there").mkdir()
    return made(tmp_path / "there")


@pytest.fixture
def command(filled):
    """Run a command with a backup folder and more variables; return what it did."""

    def run(folder, *arguments, **variables):
        place = {"DATABASE_URL": filled.render_as_string(hide_password=False), "APP_SCHEMA_BACKUP_DIR": str(folder.path)}
        done = CliRunner().invoke(main, arguments, env=place | {name: str(value) for name, value in variables.items()})
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
        assert "c4nary" not in done.output
        return done

    return run


def planted(folder, entry, **update):
    """What somebody writes who has no key: its hashes fit."""
    facts = entry.model_copy(update={"id": f"{entry.id[:-4]}0000", **update})
    parts = tuple(part.model_copy(update={"file": part.file.replace(entry.id, facts.id)}) for part in entry.parts)
    for old, new in zip(entry.parts, parts, strict=True):
        (folder.path / new.file).write_bytes((folder.path / old.file).read_bytes())
    facts = facts.model_copy(update={"parts": parts})
    (folder.path / f"{facts.id}.json").write_bytes(facts.sealed())
    return facts


def test_a_seal_is_of_a_key_a_purpose_and_a_content():
    one, other = Seal(WORDS), Seal(WORDS.upper())
    mark = one.of("entry", b"content")
    assert one.wrong("entry", b"content", mark) is None
    assert "does not fit" in one.wrong("entry", b"other content", mark)
    assert "does not fit" in one.wrong("wal", b"content", mark)
    assert "another key" in other.wrong("entry", b"content", mark)
    assert "no seal" in one.wrong("entry", b"content", None)
    assert WORDS not in repr(vars(one)["key_id"]) + repr(one)


def test_it_holds_whatever_is_found_and_done_since(sealed, host):
    """And nothing else may change."""
    seal = host.seal
    now = Catalogue(host).note_look(sealed.id, "damaged")
    assert sealed.mac == now.mac
    assert seal.wrong("entry", Entry.unsealed(now.sealed(), now.id).taken(), now.mac) is None
    for change in ({"server": "x"}, {"rescued": True}, {"encryption": "gpg"}, {"missing": ("x",)}, {"server_version": "18.1"}):
        assert "does not fit" in seal.wrong("entry", now.model_copy(update=change).taken(), now.mac)


@pytest.mark.usefixtures("sealed")
def test_it_is_restored_without_a_word(host, command, filled):
    with spare(filled) as target:
        done = command(host, "restore", "dump", "--to", target.database, APP_SCHEMA_BACKUP_SEAL_KEY_FILE=host.key_file)
    assert (done.exit_code, "seal" in done.output) == (0, False), done.output


FORGERIES = {
    "no seal": {"mac": None},
    "the seal of another backup": {},
    "of another key": {"mac": f"{'0' * 8}:{'0' * 64}"},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_somebody_planted_is_refused(forgery, sealed, host, command, filled):
    forged = planted(host, sealed, **FORGERIES[forgery])
    by_path = host.path / forged.parts[0].file
    for name in (forged.id, by_path):
        for verb in ("dump", "drill"):
            done = command(host, "restore", verb, str(name), APP_SCHEMA_BACKUP_SEAL_KEY_FILE=host.key_file)
            assert done.exit_code != 0
            assert f"{forged.id} " in done.stderr
            assert f"give --unsealed if you know where it comes from, or run app-schema backup verify --seal {forged.id}" in done.stderr
    with spare(filled) as target:
        arguments = ("restore", "dump", forged.id, "--to", target.database, "--unsealed")
        assert command(host, *arguments, APP_SCHEMA_BACKUP_SEAL_KEY_FILE=host.key_file).exit_code == 0


def test_the_latest_is_the_latest_that_is_sealed(sealed, host, settings):
    planted(host, sealed, started=sealed.finished, mac=None)
    dump(settings, Folder.at(host.path))  # of a machine without the key
    assert Catalogue(host).find("latest", kinds=("dump",)) == sealed
    assert Catalogue(host.trusting()).find("latest", kinds=("dump",)) != sealed
    Catalogue(host).remove(sealed)
    with pytest.raises(BackupUnknown, match="2 backups without a valid seal do not count: give --unsealed"):
        Catalogue(host).find("latest", kinds=("dump",))


def test_a_file_without_an_entry(sealed, host, command):
    (host.path / f"{sealed.id}.json").unlink()
    path = str(host.path / sealed.parts[0].file)
    done = command(host, "restore", "dump", path, "--to", "x", APP_SCHEMA_BACKUP_SEAL_KEY_FILE=host.key_file)
    assert "has no entry beside it" in done.stderr
    assert "give --unsealed" in done.stderr


def test_verify_says_what_a_seal_proves(sealed, host, command, settings):
    without = command(host, "backup", "verify")
    assert without.exit_code == 0
    assert "who wrote them is not proved: APP_SCHEMA_BACKUP_SEAL_KEY_FILE names a key that does" in without.stdout
    with_key = partial(command, host, "backup", "verify", APP_SCHEMA_BACKUP_SEAL_KEY_FILE=host.key_file)
    done = with_key()
    assert (done.exit_code, done.stderr, "proves" in done.stdout) == (0, "", False)
    dump(settings, Folder.at(host.path))
    planted(host, sealed)
    done = with_key()
    assert done.exit_code == 3
    assert f"{sealed.id[:-4]}0000 was changed: its seal of APP_SCHEMA_BACKUP_SEAL_KEY_FILE does not fit" in done.stderr
    assert "note: nothing proves where " in done.stderr


def test_verify_seals_what_was_taken_before(sealed, host, command, settings, objects):
    """In the bucket too; nothing that is damaged, and nothing that was changed under its seal."""
    old = dump(settings, Folder.at(host.path))
    upload(Catalogue(Folder.at(host.path)), old, Bucket.of(Settings(**objects.settings)))
    damaged = dump(settings, Folder.at(host.path))
    (host.path / damaged.parts[0].file).write_bytes(b"x")
    forged = planted(host, sealed)
    done = command(host, "backup", "verify", "--seal", APP_SCHEMA_BACKUP_SEAL_KEY_FILE=host.key_file, **objects.environment)
    assert done.stdout.count(": sealed") == 1
    assert f"{old.id}: sealed" in done.stdout
    proved = Catalogue(host).proved(Catalogue(host).read()[0])
    assert {entry.id for entry in proved} == {sealed.id, old.id}
    assert Entry.unsealed(objects[f"{old.id}.json"], old.id).mac == next(entry.mac for entry in proved if entry.id == old.id)
    assert done.exit_code == 3
    assert forged.id in done.stderr


def test_there_must_be_a_key_to_seal_with(host, command):
    done = command(host, "backup", "verify", "--seal")
    assert "set APP_SCHEMA_BACKUP_SEAL_KEY_FILE; make one with: (umask 077; openssl rand" in done.stderr


@pytest.fixture
def copied(sealed, settings, host, objects):
    """A newer dump without a seal; both are in the bucket."""
    newer = dump(settings, Folder.at(host.path))
    for entry in (sealed, newer):
        upload(Catalogue(host), entry, Bucket.of(Settings(**objects.settings)))
    return newer, objects


def test_from_a_bucket_comes_only_what_is_sealed(sealed, host, command, copied, there):
    newer, objects = copied
    run = partial(command, there, "backup", "fetch", APP_SCHEMA_BACKUP_SEAL_KEY_FILE=host.key_file, **objects.environment)
    done = run("latest")
    assert f"{newer.id} was passed over: {newer.id} carries no seal" in done.stderr
    assert f"{sealed.id}: " in done.stdout
    done = run(newer.id)
    assert done.exit_code != 0
    assert "--unsealed" in done.stderr
    assert run(newer.id, "--unsealed").exit_code == 0
    assert newer.id in run("--list").stdout


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        ("short", 0o600, "has fewer than 32 characters, which can be guessed; make one with"),
        ("", 0o600, "has fewer than 32 characters"),
        (WORDS, 0o640, "is open to others"),
        (None, 0o600, "cannot be read"),
    ],
)
def test_a_key_that_cannot_be_used(content, mode, said, folder, settings):
    """It ends a backup before it begins, and what needs no seal does not ask for it."""
    path = folder.path.with_name("key")
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    unusable = Folder.at(folder.path, path)
    with pytest.raises(EncryptionError, match=f"^APP_SCHEMA_BACKUP_SEAL_KEY_FILE: .*{said}"):
        dump(settings, unusable)
    assert Catalogue(unusable).read() == ([], [])


@pytest.mark.parametrize("cipher", ["age", "gpg"])
def test_what_is_in_clear_where_there_is_a_key(cipher, command, settings, folder, filled):
    """Whoever can write to the folder can leave it there, and needs no key."""
    clear = dump(settings, folder)
    keys = age_keys(folder) if cipher == "age" else {"backup_passphrase_file": passphrase(folder)}
    variables = {
        f"APP_SCHEMA_{name.upper()}": ",".join(value) if isinstance(value, frozenset) else value
        for name, value in keys.items()
        if name != "backup_age_identity_file"
    }
    for arguments in (("dump", clear.id, "--to", "x"), ("drill", clear.id), ("dump", str(folder.path / clear.parts[0].file), "--to", "x")):
        done = command(folder, "restore", *arguments, **variables)
        assert done.exit_code != 0
        assert f"{clear.id} is not encrypted, and this machine has a key for backups" in done.stderr
        assert "give --unencrypted if you know where it comes from" in done.stderr
    with spare(filled) as target:
        assert command(folder, "restore", "dump", clear.id, "--to", target.database, "--unencrypted", **variables).exit_code == 0


@pytest.mark.usefixtures("sealed")
def test_what_is_in_clear_and_sealed(host, command, filled):
    """Its seal proves where it comes from."""
    secret = passphrase(host)
    variables = {"APP_SCHEMA_BACKUP_SEAL_KEY_FILE": host.key_file, "APP_SCHEMA_BACKUP_PASSPHRASE_FILE": secret}
    with spare(filled) as target:
        assert command(host, "restore", "dump", "--to", target.database, **variables).exit_code == 0


def test_a_copy_in_clear_where_there_is_a_key(command, settings, folder, objects, there):
    clear = dump(settings, folder)
    upload(Catalogue(folder), clear, Bucket.of(Settings(**objects.settings)))
    variables = objects.environment | {"APP_SCHEMA_BACKUP_PASSPHRASE_FILE": passphrase(folder)}
    done = command(there, "backup", "fetch", clear.id, **variables)
    assert "is not encrypted, and this machine has a key for backups" in done.stderr
    assert command(there, "backup", "fetch", clear.id, "--unencrypted", **variables).exit_code == 0


def test_results_of_drills_are_sealed(sealed, host, command, objects, there):
    """A host with the key takes none that was made without."""
    upload(Catalogue(host), sealed, Bucket.of(Settings(**objects.settings)))
    known = objects.environment | {"APP_SCHEMA_BACKUP_SEAL_KEY_FILE": host.key_file}
    assert command(there, "backup", "fetch", sealed.id, **known).exit_code == 0
    assert "the result was copied" in command(there, "restore", "drill", sealed.id, "--quick", **known).stdout
    [name] = [name for name in objects.names if ".drill-" in name]
    content = json.loads(objects[name])
    for forged in (content | {"mac": None}, content | {"drill": content["drill"] | {"seconds": 1.0}}):
        objects[name] = json.dumps(forged).encode()
        done = command(host, "backup", "verify", **known)
        assert f"/{name} " in done.stderr
        assert "and was not taken" in done.stderr
        assert Catalogue(host).read()[0][0].drills == ()
    objects[name] = json.dumps(content).encode()
    assert "on another machine passed" in command(host, "backup", "verify", **known).stdout


def test_a_backup_that_is_here_and_is_another_one(sealed, host, command, objects):
    """What somebody planted under its id is not taken for the copy in the bucket."""
    upload(Catalogue(host), sealed, Bucket.of(Settings(**objects.settings)))
    forged = sealed.model_copy(update={"server": "x", "mac": None})
    (host.path / f"{sealed.id}.json").write_bytes(forged.sealed())
    variables = objects.environment | {"APP_SCHEMA_BACKUP_SEAL_KEY_FILE": host.key_file}
    done = command(host, "backup", "fetch", sealed.id, **variables)
    assert f"{sealed.id} is in the folder and is another one there; move it away and fetch it again" in done.stderr


def test_what_was_noted_in_the_bucket_is_not_believed(sealed, host, command, objects, there):
    """It is not under the seal."""
    upload(Catalogue(host), sealed, Bucket.of(Settings(**objects.settings)))
    noted = sealed.model_copy(update={"drills": (Drill(at=sealed.finished, quick=False, seconds=1),)})
    objects[f"{sealed.id}.json"] = noted.sealed()
    variables = objects.environment | {"APP_SCHEMA_BACKUP_SEAL_KEY_FILE": host.key_file}
    assert command(there, "backup", "fetch", sealed.id, **variables).exit_code == 0
    assert Catalogue(there).read()[0][0].drills == ()


def test_prune_keeps_the_newest_that_is_sealed(sealed, host, settings):
    old = sealed.model_copy(update={"started": sealed.started - timedelta(days=40)})
    old = old.model_copy(update={"mac": host.seal.of(ENTRY, old.taken())})
    (host.path / f"{old.id}.json").write_bytes(old.sealed())
    planted(host, sealed, mac=None)
    decided = prune(settings, host, dry_run=True)
    assert {decision.entry.id: decision.keep for decision in decided}[old.id]
    assert not {decision.entry.id: decision.keep for decision in prune(settings, host.trusting(), dry_run=True)}[old.id]


def test_verify_seals_nothing_that_was_changed_meanwhile(sealed, host, settings):
    old = dump(settings, Folder.at(host.path))
    planted_since = old.model_copy(update={"server": "x"})
    (host.path / f"{old.id}.json").write_bytes(planted_since.sealed())
    with pytest.raises(BackupDamaged, match="was changed while it was verified, and was not sealed"):
        seal_entry(Catalogue(host), old, None)
    assert Catalogue(host).proved(Catalogue(host).read()[0]) == [sealed]


@pytest.mark.parametrize("how", ["in clear", "clear before it", "clear after it", "a key and then clear"])
def test_gpg_passes_nothing_that_it_did_not_decrypt(how, folder):
    """gpg --decrypt prints what was never encrypted, and exits 0."""
    cipher = Gpg("c4nary passphrase")
    encrypted = BytesIO()
    cipher.encrypt(BytesIO(b"true"), encrypted)
    home = folder.path.with_name("gnupg")
    home.mkdir(mode=0o700)
    store = ["gpg", "--homedir", home, "--no-autostart", "--batch", "--compress-algo", "none", "--store"]
    clear = subprocess.run(store, input=b"false", capture_output=True, check=True).stdout
    packet = encrypted.getvalue()
    key = packet[: 2 + packet[1]]  # its first packet: how the passphrase makes the key
    forged = {"in clear": clear, "clear before it": clear + packet, "clear after it": packet + clear, "a key and then clear": key + clear}
    with pytest.raises(EncryptionError):
        cipher.decrypt(BytesIO(forged[how]), BytesIO())
    plain = BytesIO()
    cipher.decrypt(BytesIO(packet), plain)
    assert plain.getvalue() == b"true"


def test_a_file_called_latest_is_not_the_latest(sealed, host, tmp_path, monkeypatch):
    (tmp_path / "latest").write_text("x")
    monkeypatch.chdir(tmp_path)
    assert Source.find(host, "latest", sealed.databases[0]).entry == sealed


def test_a_base_that_is_not_sealed_moves_no_window():
    """What a sealed chain needs stays, whatever else is there."""
    now = datetime.now(UTC)
    settings = Settings()

    def base_of(days, number):
        at = now - timedelta(days=days)
        entry_id = f"{at:%Y%m%dT%H%M%SZ}-base-000{number}"
        place = Physical(
            system_identifier="7",
            timeline=1,
            start_lsn=f"0/{number}000028",
            stop_lsn=f"0/{number}000100",
            start_wal="0" * 24,
            checksums=True,
            superuser="postgres",
            consistent_at=at,
            next_xid=700,
            segment_bytes=1 << 24,
        )
        part = Part(file=f"{entry_id}.cluster", bytes=1, sha256="0" * 64)
        versions = {"server": "h", "server_version": "17.1", "client_version": "17.1", "compression": "none"}
        return Entry(id=entry_id, kind="base", started=at, finished=at, parts=(part,), physical=place, **versions)

    sealed, planted_base, newest = base_of(40, 1), base_of(35, 2), base_of(1, 3)
    entries = [sealed, planted_base, newest]
    keeps = {each.entry.id: each.keep for each in decide(entries, policy(settings), now)}
    assert not keeps[sealed.id]
    keeps = {each.entry.id: each.keep for each in decide(entries, policy(settings), now, {sealed.id, newest.id})}
    assert keeps[sealed.id]


@pytest.mark.parametrize("name", ["~nobody_of_this_name/x.dump", "a" * 300, f"/{'a' * 300}"])
def test_a_name_that_is_no_path(name, folder):
    with pytest.raises(BackupUnknown):
        Source.find(folder, name, "x")


def test_a_host_that_cannot_be_looked_up():
    url = parse_url(f"postgresql://u:c4nary@{'a' * 70}/d")
    with pytest.raises(ServerUnreachable, match="is no name that can be looked up"), connect_to(url):
        pass
