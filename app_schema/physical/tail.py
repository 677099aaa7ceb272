"""Where WAL ends: a torn record with nothing after it is the end, one that others follow is damage.

Every record says where the one before it begins (``xl_prev``). So a record that cannot be read was the last
one exactly if no record after it points back at it. Source: src/include/access/xlogrecord.h, xlog_internal.h.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app_schema.physical.route import Route

PAGE = 8192
SHORT, LONG = 24, 40  # bytes of a page's header; of the first page of a segment
RECORD = struct.Struct("<IIQBB")  # total length, xid, previous record, info, resource manager
ALIGNED = 8
SWITCH = (0, 0x40)  # resource manager XLOG, XLOG_SWITCH: the rest of the segment is empty


def ends_after(route: Route, last: int | None) -> bool:
    """Whether nothing but a torn record follows the one at ``last``, the last that could be read; None: at the beginning."""
    broken = _next(route, last) if last is not None else route.start
    if broken is None:
        return False
    size = route.archive.segment_bytes
    number = broken // size
    final = route.files[-1]
    if number > final.segment.number:  # it would begin in a segment that is not there yet
        return True
    if not final.unfinished or final.segment.number - number > 1:
        return False
    pointer = struct.pack("<Q", broken)
    for each in range(number, final.segment.number + 1):
        file = route.stored(each)
        data = file.path.read_bytes() if file else b""
        position = data.find(pointer, broken % size if each == number else 0)
        while position >= 0:
            length = RECORD.unpack_from(data, position - ALIGNED)[0] if ALIGNED <= position <= size - RECORD.size + ALIGNED else 0
            if position % ALIGNED == 0 and length >= SHORT:
                return False
            position = data.find(pointer, position + 1)
    return True


def _next(route: Route, lsn: int) -> int | None:
    """Return where the record after the one at ``lsn`` begins."""
    size = route.archive.segment_bytes
    file = route.stored(lsn // size)
    if file is None:
        return None
    with file.path.open("rb") as stored:
        stored.seek(lsn % size)
        length, _, _, info, manager = RECORD.unpack(stored.read(RECORD.size))
    if (manager, info & 0xF0) == SWITCH:
        return (lsn // size + 1) * size + LONG
    left = length
    while True:
        room = PAGE - lsn % PAGE
        if left < room:
            return -(-(lsn + left) // ALIGNED) * ALIGNED if -(-(lsn + left) // ALIGNED) * ALIGNED % PAGE else _begin(lsn + room, size)
        left -= room
        lsn = _begin(lsn + room, size)
        if left == 0:
            return lsn


def _begin(page: int, size: int) -> int:
    return page + (LONG if page % size == 0 else SHORT)
