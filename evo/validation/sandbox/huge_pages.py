"""Packs a process's memory into large pages, so that forking it copies hundreds of entries.

A process that has imported torch holds some 300 MB in 75,000 pages; most of what a fork and the
end of its child cost is writing and clearing an entry for each. Linux 6.1 packs them on request;
where it does not, nothing changes but the time. A child that writes still copies 4 kB at a time.
"""

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path

_COLLAPSE = 25
_LARGE = 2 << 20
_MAPPING = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) rw-p [0-9a-f]+ 00:00 0 *(\[heap\])?$")
_MAPS = Path("/proc/self/maps")


def pack_memory() -> None:
    """Packs what this process has written into so far."""
    library = ctypes.CDLL(None, use_errno=True)
    for address in _places():
        # Each for itself: one that cannot be packed is no reason to leave out the rest.
        library.madvise(ctypes.c_void_p(address), ctypes.c_size_t(_LARGE), _COLLAPSE)


def _places() -> Iterator[int]:
    """Where a large page of private memory would lie."""
    if not _MAPS.exists():
        return
    for line in _MAPS.read_text().splitlines():
        if found := _MAPPING.match(line):
            start, end = int(found[1], 16), int(found[2], 16)
            yield from range(-(-start // _LARGE) * _LARGE, end - _LARGE + 1, _LARGE)
