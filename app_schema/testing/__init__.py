"""Throwaway sessions, schemas and databases for tests, and builders of valid rows.

pytest loads ``app_schema.testing.plugin`` by itself wherever the package is installed; nothing
here is imported before a test asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app_schema.testing.make import Make
    from app_schema.testing.throwaway import Throwaway

__all__ = ["Make", "Throwaway"]


def __getattr__(name: str) -> object:
    """Import what is asked for, when it is asked for."""
    if name == "Make":
        from app_schema.testing.make import Make  # noqa: PLC0415 (models cost time that a run without them should not pay)

        return Make
    if name == "Throwaway":
        from app_schema.testing.throwaway import Throwaway  # noqa: PLC0415

        return Throwaway
    raise AttributeError(name)
