"""What people, machines, Prometheus and a browser get."""

import html
import json
import os
import re
import resource
import shutil
import subprocess
from datetime import timedelta
from importlib import import_module
from pkgutil import walk_packages

import pytest
from operating import NOON
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from app_schema import monitoring
from app_schema.errors import OutputUnwritable
from app_schema.monitoring.finding import Rule
from app_schema.monitoring.formats import page, prometheus
from app_schema.monitoring.formats.file import replace
from app_schema.monitoring.formats.korean import MEANINGS
from app_schema.monitoring.units import duration, shown, size

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LOOKED = """
<script>
addEventListener("load", () => {
  const box = document.querySelector(".plots svg").getBoundingClientRect();
  document.body.dataset.seen = JSON.stringify({
    title: document.querySelector("h1").innerText, plots: document.querySelectorAll("svg").length, width: box.width, height: box.height,
    overflow: document.documentElement.scrollWidth > innerWidth, paper: getComputedStyle(document.body).backgroundColor,
    lines: document.querySelectorAll("svg path.line").length,
    asked: performance.getEntriesByType("resource").length,
    clipped: [...document.querySelectorAll("svg text")].filter(
      text => text.getBoundingClientRect().bottom > text.closest("svg").getBoundingClientRect().bottom + 1).length,
  });
});
</script>
"""


def test_the_table_names_what_to_do(run):
    done = run("monitor")
    assert done.exit_code == 3
    lines = done.stdout.splitlines()
    assert lines[1] == "1 thing to see to"
    assert lines[2].startswith("critical  backup-age")
    assert "run: app-schema backup dump" in done.stdout
    assert "and 87 more" in done.stdout or "more: --format json" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("--checklist", "daily", "--format", "json"),
        ("--checklist", "daily", "--output", "x"),
        ("--test-alert", "--failed", "dump"),
        ("--log", "x"),
        ("--confirm", "policy-review", "--format", "html"),
    ],
)
def test_what_does_not_go_together_is_refused(run, arguments):
    refused = run("monitor", *arguments)
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)


def test_a_checklist_with_what_is_confirmed(run):
    done = run("monitor", "--confirm", "policy-review", "--checklist", "monthly")
    assert "policy-review: confirmed" in done.stdout
    assert "- [x] 백업 정책 검토" in done.stdout
    assert "KST" in done.stdout.splitlines()[1]


def test_json_is_whole_and_its_units_are_in_the_names(run):
    done = run("monitor", "--format", "json")
    assert done.exit_code == 3
    document = json.loads(done.stdout)
    assert document["well"] is False
    assert document["findings"][0]["rule"] == "backup-age"
    assert set(document["topics"]) >= {
        "tables",
        "indexes",
        "connections",
        "cache",
        "queries",
        "backups",
        "disk",
        "replication",
        "partitions",
    }
    assert {"table", "total_bytes", "growth_bytes"} <= set(document["topics"]["tables"]["rows"][0])


def test_prometheus_reads_it(run, tmp_path):
    file = tmp_path / "app_schema.prom"
    assert run("monitor", "--format", "prometheus", "--output", str(file)).exit_code == 3
    families = {family.name: family.samples for family in text_string_to_metric_families(file.read_text())}
    assert families["app_schema_up"][0].value == 1
    assert {sample.labels["table"] for sample in families["app_schema_table_bytes"]} >= {"messages", "logs"}
    assert [sample.labels["rule"] for sample in families["app_schema_finding"]] == ["backup-age"]
    assert not [name for name in families if "age_seconds" in name]  # times, not ages
    assert "# TYPE app_schema_cache_hit_blocks_total counter" in file.read_text()
    assert {sample.value for sample in families["app_schema_topic_read"]} == {1}
    assert file.stat().st_mode & 0o777 == 0o666 & ~umask()
    assert list(tmp_path.glob(".*")) == []


def umask():
    os.umask(before := os.umask(0o022))
    return before


def test_a_server_that_is_away_is_a_metric_and_an_error(run, tmp_path):
    file = tmp_path / "app_schema.prom"
    away = run("monitor", "--format", "prometheus", "--output", str(file), DATABASE_URL="postgresql://u:c4nary@127.0.0.1:1/db")
    assert (away.exit_code, away.stderr.count("\n")) == (1, 1)
    assert "c4nary" not in away.output
    assert 'app_schema_up{database="db",schema="public"} 0.0' in file.read_text()


@pytest.mark.parametrize("form", ["html", "json", "table"])
def test_a_server_that_is_away_replaces_what_was_written_when_it_was_there(run, tmp_path, engine, form):
    file = tmp_path / "look"
    arguments = ("monitor", "--format", form, "--output", str(file))
    run(*arguments)
    answered = file.read_text()
    away = engine.url.set(username="nobody_there", password="c4nary").render_as_string(hide_password=False)
    done = run(*arguments, DATABASE_URL=away)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    said = file.read_text()
    assert said != answered
    assert "c4nary" not in said
    if form == "json":
        document, before = json.loads(said), json.loads(answered)
        assert set(document) == set(before)
        assert (document["up"], document["well"], before["up"]) == (False, False, True)
        assert (document["since"], document["findings"][0]["rule"]) == (before["taken"], "server-unreachable")
        assert "app-schema status" in document["findings"][0]["command"]
        assert json.loads(run("monitor", "--format", "json", DATABASE_URL=away).stdout)["up"] is False
    else:
        assert "the database does not answer" in said
        assert re.search(r"last answer was at 20\d\d-\d\d-\d\d \d\d:\d\d KST", said)
        assert "app-schema status" in said  # the cure
    if form == "html":
        assert "데이터베이스가 응답하지 않습니다" in said
        assert "모두 정상" not in said


def test_a_label_with_a_quote_and_a_line_is_escaped(engine, look):
    with engine.begin() as connection:
        connection.execute(text('CREATE TABLE "odd ""table\\\n" (n int)'))
    families = text_string_to_metric_families(prometheus.render(look()))
    tables = {sample.labels.get("table") for family in families for sample in family.samples}
    assert 'odd "table\\\n' in tables


def test_a_file_is_replaced_at_once_or_not_at_all(tmp_path):
    file = tmp_path / "page.html"
    replace(file, "old")
    with pytest.raises(OutputUnwritable, match="No such file"):
        replace(tmp_path / "missing" / "page.html", "x")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # as a full disk: a write that fails half-way
    try:
        with pytest.raises(OutputUnwritable, match="what was there stays"):
            replace(file, "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


@pytest.fixture
def drawn(engine, look, memory):
    """A page with a history of forty days."""
    for day in (40, 30, 20, 10, 1):
        with engine.begin() as connection:
            insert = "INSERT INTO logs (level, message) SELECT 'info', repeat('로그', 200) FROM generate_series(1, :rows)"
            connection.execute(text(insert), {"rows": 50 * day})
        look(NOON - timedelta(days=day))
    return page.render(look(), memory)


def test_the_page_holds_everything_it_shows(engine, drawn):
    assert "<script" not in drawn
    assert not re.search(r"""(src|href)=["']?(https?:)?//|url\(|@import""", drawn)
    assert drawn.count("<svg") == 3  # growth, sizes, cache hits; there is no backup yet
    assert "전체 백업이 없습니다" in drawn
    assert str(engine.url.database) in drawn
    assert engine.url.password not in drawn


def test_every_rule_speaks_korean():
    modules = [import_module(each.name) for each in walk_packages(monitoring.__path__, "app_schema.monitoring.")]
    rules = {value.name for module in modules for value in vars(module).values() if isinstance(value, Rule)}
    assert MEANINGS.keys() == rules
    assert all(re.fullmatch(r".*[가-힣]다\.", meaning) for meaning in MEANINGS.values())


def test_the_page_escapes_names(engine, look, memory):
    with engine.begin() as connection:
        connection.execute(text('CREATE TABLE "<script>alert(1)</script>" (n int)'))
    drawn = page.render(look(), memory)
    assert "<script>" not in drawn
    assert html.escape("<script>alert(1)</script>") in drawn


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
@pytest.mark.parametrize(("width", "scheme"), [(1300, "light"), (1300, "dark"), (420, "light")])
def test_a_browser_shows_the_page(drawn, tmp_path, width, scheme):
    file = tmp_path / "page.html"
    file.write_text(drawn.replace("</body>", f"{LOOKED}</body>"), encoding="utf-8")
    done = subprocess.run(
        [
            *(
                CHROMIUM,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                f"--window-size={width},1200",
                f"--user-data-dir={tmp_path / 'profile'}",
            ),
            *(["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else ["--blink-settings=preferredColorScheme=1"]),
            *("--virtual-time-budget=2000", "--dump-dom", file.as_uri()),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    seen = json.loads(html.unescape(re.search(r'data-seen="([^"]*)"', done.stdout)[1]))
    assert seen["title"].startswith("긴급: 확인할 일 1건")
    assert (seen["plots"], seen["asked"], seen["clipped"]) == (3, 0, 0)
    assert seen["lines"] >= 2
    assert seen["width"] > 300
    assert seen["height"] > 100
    assert seen["overflow"] is False
    red = int(re.search(r"\d+", seen["paper"])[0])
    assert red < 80 if scheme == "dark" else red > 200


def test_a_backup_has_one_size_whichever_command_says_it(run):
    run("backup", "dump")
    taken = run("backup", "dump").stdout
    said = re.search(r": (\S+ kB) in ", taken)[1]
    assert said in run("backup", "list").stdout
    assert said in run("monitor").stdout
    assert said in run("monitor", "--format", "html").stdout
    assert said in run("monitor", "--checklist", "daily").stdout


def test_values_in_words():
    assert [size(value) for value in (0, 999, 2048, 999_970, 474_900, 5 * 10**12)] == [
        *("0 B", "999 B", "2.0 kB", "1.0 MB", "474.9 kB", "5.0 TB"),
    ]
    assert size(-2048, signed=True) == "-2.0 kB"
    assert [duration(value) for value in (0.25, 150, 7200, 3 * 86400)] == ["0.2 s", "2.5 min", "2.0 h", "3.0 d"]
    assert [shown("x_ratio", 0.5), shown("x", None), shown("x", True), shown("rows", 1234567)] == ["50.0%", "-", "yes", "1,234,567"]  # noqa: FBT003
