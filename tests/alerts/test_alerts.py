"""Alerts over real sockets: a webhook and a mail server of the test's own on loopback."""

import json
import re
import socketserver
import threading
import time
from datetime import timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import apprise
import pytest
from operating import NOON
from sqlalchemy import text

from app_schema.alerts.channel import channels
from app_schema.alerts.telling import tell
from app_schema.memory import Memory
from app_schema.monitoring.finding import Finding, Severity
from app_schema.settings import Settings

SECRET = "T000/B000/c4nary"


@pytest.fixture
def webhook():
    """Collect what is posted; ``status`` is what it answers, and ``redirect`` where it sends the client instead."""

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(server.slow)
            server.posted.append((self.path, json.loads(body)))
            self.send_response(307 if server.redirect else server.status)
            if server.redirect:
                self.send_header("Location", server.redirect)
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.posted, server.status, server.slow, server.redirect = [], 200, 0, None
    server.url = f"http://127.0.0.1:{server.server_port}/services/{SECRET}"
    with Serving(server):
        yield server


@pytest.fixture
def mailbox():
    """Collect what is mailed."""

    class Mail(socketserver.StreamRequestHandler):
        def handle(self):
            self.say("220 here")
            while line := self.rfile.readline().strip():
                verb = line[:4].upper()
                if verb == b"DATA":
                    self.say("354 go on")
                    data = b""
                    while (part := self.rfile.readline()) != b".\r\n":
                        data += part
                    server.mails.append(message_from_bytes(data, policy=policy.default))
                self.say("221 bye" if verb == b"QUIT" else "250 ok")
                if verb == b"QUIT":
                    return

        def say(self, line):
            self.wfile.write(line.encode() + b"\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)
    server.daemon_threads = True
    server.mails = []
    server.url = f"mailto://127.0.0.1:{server.server_address[1]}?from=db@example.kr&to=dba@example.kr&mode=insecure"
    with Serving(server):
        yield server


class Serving:
    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def __exit__(self, *_error):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def finding(subject="full", severity=Severity.CRITICAL):
    return Finding("backup-age", severity, subject, "the newest dump is 26 hours old", "It would be lost.", "app-schema backup dump")


def test_slack_as_the_document_has_it(run, webhook):
    """A JSON object with a text, posted to SLACK_WEBHOOK_URL."""
    done = run("monitor", "--test-alert", SLACK_WEBHOOK_URL=webhook.url)
    assert (done.exit_code, done.stdout) == (0, "slack (127.0.0.1): delivered\n")
    ((path, body),) = webhook.posted
    assert path == f"/services/{SECRET}"
    assert set(body) == {"text"}
    assert "알림 시험입니다" in body["text"]


@pytest.mark.usefixtures("settings")
def test_slacks_own_address_is_apprises_slack(monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7")
    (channel,) = channels(Settings.from_env())
    assert channel.name == "slack (hooks.slack.com)"
    assert type(apprise.Apprise.instantiate(channel.url)).__name__ == "NotifySlack"
    assert "TIiajk" not in channel.name + channel.key


def test_begun_once_and_told_when_over(run, webhook):
    first = run("monitor", "--alert", SLACK_WEBHOOK_URL=webhook.url)
    assert first.exit_code == 3
    assert "slack (127.0.0.1) was told of 1 that began and 0 that ended" in first.stderr
    assert SECRET not in first.output
    told = webhook.posted[0][1]["text"]
    assert all(part in told for part in ("1 began", "🔴 backup-age", "→ app-schema backup dump", "lost with the server"))
    assert run("monitor", "--alert", SLACK_WEBHOOK_URL=webhook.url).exit_code == 3
    assert len(webhook.posted) == 1
    run("backup", "dump")
    run("monitor", "--alert", SLACK_WEBHOOK_URL=webhook.url)
    told = webhook.posted[1][1]["text"]
    assert "✅ over: backup-age (full)" in told
    assert "🟠 backup-unencrypted" in told  # which began in the same moment
    run("monitor", "--alert", SLACK_WEBHOOK_URL=webhook.url)
    assert len(webhook.posted) == 2


def test_what_grows_worse_is_told_again(settings, memory, webhook, monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK_URL", webhook.url)
    settings = Settings.from_env()
    for severity, messages in (
        (Severity.WARNING, 1),
        (Severity.WARNING, 1),
        (Severity.CRITICAL, 2),
        (Severity.WARNING, 2),
        (Severity.NOTE, 3),
    ):
        tell(settings, memory, [finding(severity=severity)], where="x", now=NOON)
        assert len(webhook.posted) == messages


@pytest.mark.parametrize("host", ["/run/postgresql", "localhost", "127.0.0.1", "::1"])
def test_a_channel_is_told_which_machine_it_is(run, webhook, mailbox, monkeypatch, host):
    monkeypatch.setattr("app_schema.cli.monitor.gethostname", lambda: "web-7")
    channels = {"SLACK_WEBHOOK_URL": webhook.url, "APP_SCHEMA_ALERT_URLS": mailbox.url}
    run("monitor", "--test-alert", DATABASE_URL=f"postgresql:///shop?host={host}", **channels)
    assert "[app-schema] shop on web-7: test" in webhook.posted[0][1]["text"]
    assert mailbox.mails[0]["subject"] == "[app-schema] shop on web-7: test"
    run("monitor", "--test-alert", DATABASE_URL="postgresql://db.example.kr/shop", **channels)
    assert mailbox.mails[1]["subject"] == "[app-schema] shop on db.example.kr: test"
    run("monitor", "--test-alert", DATABASE_URL=None, **channels)
    assert mailbox.mails[2]["subject"].endswith("on web-7: test")


def test_mail_in_korean(run, mailbox):
    done = run("monitor", "--alert", APP_SCHEMA_ALERT_URLS=mailbox.url)
    assert done.exit_code == 3, done.output
    (mail,) = mailbox.mails
    assert "1 began" in mail["subject"]
    assert mail["to"] == "dba@example.kr"
    assert "app-schema backup dump" in mail.get_body(("plain", "html")).get_content()


def test_a_channel_that_fails_is_reported_told_later_and_stops_nothing(run, webhook, mailbox):
    webhook.status = 500
    channels = {"SLACK_WEBHOOK_URL": webhook.url, "APP_SCHEMA_ALERT_URLS": mailbox.url}
    first = run("monitor", "--alert", **channels)
    assert first.exit_code == 3
    assert "warning: channel slack (127.0.0.1) was not told" in first.stderr
    assert SECRET not in first.output
    assert "backup-age" in first.stdout  # the whole output is there
    assert len(mailbox.mails) == 1
    assert "alert-undelivered  slack (127.0.0.1) takes no alerts since" in run("monitor").stdout
    webhook.status = 200
    run("monitor", "--alert", **channels)
    assert "backup-age" in webhook.posted[-1][1]["text"]
    assert "alert-undelivered" not in webhook.posted[-1][1]["text"]
    assert len(mailbox.mails) == 2  # this one knew, but for the other's silence
    assert "alert-undelivered" in mailbox.mails[1].get_body().get_content()
    assert "alert-undelivered" not in run("monitor").stdout
    webhook.status = 500
    failed = run("monitor", "--test-alert", **channels)
    assert failed.exit_code == 1
    assert "1 of 2 channels did not take the test" in failed.stderr


def test_nobody_answers(run):
    done = run("monitor", "--alert", SLACK_WEBHOOK_URL="http://127.0.0.1:1/services/c4nary")
    assert done.exit_code == 3
    assert "was not told" in done.stderr
    assert "c4nary" not in done.output


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SLACK_WEBHOOK_URL", "hooks.slack.com/services/c4nary"), ("APP_SCHEMA_ALERT_URLS", "nonsense://c4nary")],
)
def test_an_address_that_is_none(run, variable, value):
    done = run("monitor", "--test-alert", **{variable: value})
    assert done.exit_code in (1, 2)
    assert "c4nary" not in done.output
    assert variable in done.output  # where to mend it
    assert run("monitor", "--test-alert").exit_code == 2  # nobody to tell


def test_a_server_that_is_away_is_an_alert_and_ends_no_other(run, webhook, monkeypatch, engine):
    monkeypatch.setenv("SLACK_WEBHOOK_URL", webhook.url)
    away = engine.url.set(username="nobody_there", password="c4nary").render_as_string(hide_password=False)
    run("monitor", "--alert")
    gone = run("monitor", "--alert", DATABASE_URL=away)
    assert gone.exit_code == 1
    told = webhook.posted[1][1]["text"]
    assert "🔴 server-unreachable" in told
    assert "over:" not in told
    assert "c4nary" not in told + gone.output
    run("monitor", "--alert")
    assert "✅ over: server-unreachable" in webhook.posted[2][1]["text"]


def test_a_job_that_failed(run, webhook, memory):
    run("monitor", "--failed", "dump", SLACK_WEBHOOK_URL=webhook.url)
    assert "🔴 job-failed: dump failed at" in webhook.posted[0][1]["text"]
    run("monitor", "--failed", "dump", SLACK_WEBHOOK_URL=webhook.url)
    assert len(webhook.posted) == 1  # it goes on failing
    assert "run: journalctl -u app-schema-dump.service" in run("monitor").stdout
    with memory.write() as file:
        file.execute("UPDATE failed_job SET taken = taken - 900000")
    assert "job-failed" in run("monitor").stdout  # nothing has mended it
    assert run("monitor", "--succeeded", "dump").exit_code == 0
    assert "job-failed" not in run("monitor").stdout
    run("monitor", "--failed", "dump", "--log", "/var/log/x/dump.log", SLACK_WEBHOOK_URL=webhook.url)
    assert "run: tail -n 50 /var/log/x/dump.log" in run("monitor").stdout
    run("backup", "dump")
    assert run("monitor", "--failed", "optimise").exit_code == 2
    assert "job-failed" not in run("monitor").stdout
    run("monitor", "--failed", "daily", SLACK_WEBHOOK_URL=webhook.url)
    run("maintain", "daily")
    assert "job-failed" not in run("monitor").stdout


def test_a_failure_is_one_line_in_the_jobs_log(run, webhook):
    """The cure that the alert prints shows the end of that log, where the job's own error has to be."""
    done = run("monitor", "--failed", "dump", "--log", "/var/log/x y/dump.log", SLACK_WEBHOOK_URL=webhook.url)
    assert done.exit_code == 3  # there is no backup, which the page would say, and it was told
    (line,) = done.output.splitlines()
    assert re.fullmatch(r"dump failed at \S+ \S+ KST; its log says why: tail -n 50 '/var/log/x y/dump.log'", line)
    webhook.status = 500
    done = run("monitor", "--failed", "base", "--log", "/var/log/x/base.log", SLACK_WEBHOOK_URL=webhook.url)
    assert "was not told" in done.output
    assert len(done.output.splitlines()) == 2
    assert "backup-age" in run("monitor", "--failed", "base", "--format", "json", SLACK_WEBHOOK_URL=webhook.url).stdout


def test_two_runs_at_once_tell_it_once(settings, webhook, monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK_URL", webhook.url)
    webhook.slow = 0.3

    def run_one():
        with Memory.of(settings) as memory:
            tell(Settings.from_env(), memory, [finding()], where="x", now=NOON)

    runs = [threading.Thread(target=run_one) for _ in range(3)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert len(webhook.posted) == 1


def test_what_began_after_a_look_has_not_ended(memory, webhook, monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK_URL", webhook.url)
    tell(Settings.from_env(), memory, [finding()], where="x", now=NOON)
    tell(Settings.from_env(), memory, [], where="x", now=NOON - timedelta(seconds=1))
    assert len(webhook.posted) == 1


def test_without_a_memory_it_is_told_each_time(memory, webhook, monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK_URL", webhook.url)
    memory.path.parent.mkdir(parents=True)
    memory.path.write_text("no database" * 1000)
    for number in (1, 2):
        told, forgotten = tell(Settings.from_env(), memory, [finding()], where="x", now=NOON + timedelta(hours=number))
        assert told[0].error is None
        assert "cannot be used" in forgotten
    assert len(webhook.posted) == 2


def test_with_nobody_to_tell_the_look_is_printed_all_the_same(run):
    done = run("monitor", "--alert")
    assert done.exit_code == 3
    assert "warning: nobody was told: there is nobody to alert; set SLACK_WEBHOOK_URL" in done.stderr
    assert "backup-age" in done.stdout


def test_what_could_not_be_looked_at_is_not_over(engine, run, webhook):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE fault (user_id uuid REFERENCES users)"))
    run("monitor", "--alert", SLACK_WEBHOOK_URL=webhook.url)
    assert "key-unindexed" in webhook.posted[0][1]["text"]
    with engine.connect() as holder:
        holder.execute(text("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE"))  # the sizes cannot be read
        holder.execute(text("DROP TABLE fault"))
        holder.execute(text("SAVEPOINT gone"))
        assert "lock timeout" in run("monitor", "--alert", SLACK_WEBHOOK_URL=webhook.url).stdout
    told = webhook.posted[1][1]["text"]
    assert "topic-unread" in told
    assert "over:" not in told


@pytest.mark.parametrize(
    "url",
    [
        "https://u:c4nary@h℀x/",
        "http://[c4nary/y",
        "https://u:c4nary@[::1/",
        "https://h:c4nary/",
        "https://h:99999/c4nary",
        "https://u:c4n\udcffary@h/",
    ],
)
def test_an_address_that_cannot_be_read_is_one_line_and_ends_no_other(run, mailbox, url):
    """Each of these was a traceback with the secret in it, or hid that the others were not told."""
    done = run("monitor", "--alert", SLACK_WEBHOOK_URL=url, APP_SCHEMA_ALERT_URLS=mailbox.url)
    assert done.exit_code == 3, done.exception
    assert done.stderr.count("was not told: SLACK_WEBHOOK_URL is no URL that apprise understands\n") == 1
    assert len(mailbox.mails) == 1
    assert "c4n" not in done.output
    listed = f"{url} {mailbox.url}"
    done = run("monitor", "--test-alert", APP_SCHEMA_ALERT_URLS=listed)
    assert done.exit_code in (1, 3), done.exception
    assert len(mailbox.mails) == 2
    assert "c4n" not in done.output


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("url", ["https://c4nary#x@hooks.example/", "https://c4nary?x@hooks.example/", "https://c4nary/x@hooks.example/"])
def test_a_password_that_is_not_encoded_is_not_taken_for_the_host(monkeypatch, url):
    monkeypatch.setenv("SLACK_WEBHOOK_URL", url)
    assert [channel.name for channel in channels(Settings.from_env())] == ["slack"]


def test_a_webhook_that_redirects_is_not_followed(run, webhook):
    webhook.redirect = f"{webhook.url}/elsewhere"
    done = run("monitor", "--test-alert", SLACK_WEBHOOK_URL=webhook.url)
    assert done.exit_code == 1
    assert "did not take the message" in done.output
    assert [path for path, _ in webhook.posted] == [f"/services/{SECRET}"]
