import os
import subprocess
from pathlib import Path

import pytest

from app_schema.embedded import process
from app_schema.embedded.postmaster import Postmaster


@pytest.mark.parametrize("proc", ["/proc", "/nowhere"], ids=["proc", "ps"])
def test_what_the_system_says(server, monkeypatch, proc):
    monkeypatch.setattr(process, "PROC", Path(proc))
    with subprocess.Popen(["sleep", "600"]) as other:
        pid = other.pid
        assert (process.exists(pid), process.is_alive(pid), process.is_postgres(pid)) == (True, True, False)
        other.kill()
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # it ended, and nobody has reaped it
        assert (process.exists(pid), process.is_alive(pid), process.is_postgres(pid)) == (True, False, False)
    assert not process.exists(pid)
    server.start()
    assert process.is_postgres(Postmaster.read(server.data).pid)
    assert server.stop()
