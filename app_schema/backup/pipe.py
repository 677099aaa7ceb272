"""A pipe between two that each want to lead: one writes in a thread, the other reads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from app_schema.backup.stream import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

Result = TypeVar("Result")


def piped(produce: Callable[[BinaryIO], object], use: Callable[[BinaryIO], Result]) -> Result:
    """Let ``use`` read what ``produce`` writes, while it is written; return what ``use`` returns.

    What ``use`` leaves unread is read to the end, since only then ``produce`` has looked at all of its own source.
    If both fail, the cause is raised: a broken pipe is only what one notices of the other.
    """

    def run() -> None:
        with open(write, "wb") as target:  # noqa: PTH123 (Path cannot open a handle)
            produce(target)

    read, write = os.pipe()
    with ThreadPoolExecutor(1) as beside, open(read, "rb") as source:  # noqa: PTH123
        produced = beside.submit(run)
        try:
            result = use(source)
            while source.read(BLOCK):
                pass
        except Exception:
            source.close()  # whoever still writes ends
            cause = produced.exception()
            if cause is None or isinstance(cause, BrokenPipeError):
                raise
            raise cause from None
        finally:
            source.close()
        produced.result()
    return result
