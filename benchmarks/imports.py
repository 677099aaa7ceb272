"""What importing the models costs a service."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.figure import Figure, medians

if TYPE_CHECKING:
    from collections.abc import Iterator


def figures() -> Iterator[Figure]:
    """Compare the models with what every user of SQLAlchemy imports anyway, less an empty interpreter."""
    run = partial(subprocess.run, check=True)
    models, orm, nothing = medians(
        *(partial(run, [sys.executable, "-c", code]) for code in ("import app_schema.models", "import sqlalchemy.orm", ""))
    )
    yield Figure("import app_schema.models, s", "import sqlalchemy.orm", models - nothing, orm - nothing, 2)
