"""The folder ``seeds/``, imported by path: in a wheel it is a subpackage, in a checkout it lies beside the package."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING

from app_schema.assets import directory

if TYPE_CHECKING:
    from types import ModuleType

PACKAGE = "app_schema.seeds"


def seeds(name: str) -> ModuleType:
    """Import ``seeds/<name>.py``."""
    if PACKAGE not in sys.modules:
        folder = directory("seeds")
        spec = spec_from_file_location(PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)])
        assert spec is not None  # noqa: S101 (a .py file has a loader)
        assert spec.loader is not None  # noqa: S101
        package = module_from_spec(spec)
        spec.loader.exec_module(package)
        sys.modules[PACKAGE] = package
    return import_module(f"{PACKAGE}.{name}")
