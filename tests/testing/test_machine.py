import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_run_says_on_what_it_ran():
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", "tests/testing/test_machine.py"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": ""}, capture_output=True, text=True, check=False)
    said = done.stdout.splitlines()
    [releases] = [line for line in said if line.startswith("PostgreSQL: ")]
    assert "(Debian), 17." in releases
    assert "18." in releases
    assert f"as {'root' if os.geteuid() == 0 else 'a plain user'}; Debian's layout: " in done.stdout
