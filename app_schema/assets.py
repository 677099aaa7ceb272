"""Where migrations/ and seeds/ are: inside an installed package, beside it in a checkout."""

from pathlib import Path

PACKAGE = Path(__file__).parent


def directory(name: str) -> Path:
    """Return the folder ``migrations`` or ``seeds``, wherever this copy of the package keeps it."""
    installed = PACKAGE / name
    return installed if installed.is_dir() else PACKAGE.parent / name
