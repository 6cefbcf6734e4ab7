"""Arrange a process's memory so that a fork copies few page entries, by huge pages above all.

A process that has imported torch holds some 300 MB in 75,000 pages; writing and clearing an entry
for each is most of the cost of a fork and of the child's end. Linux 6.1 collapses them on request
(MADV_COLLAPSE); elsewhere only the time differs. A child that writes still copies 4 kB at a time.
Only blocks of 2 MB that one mapping fills can be huge, so memory is best taken from few mappings.
"""

import ctypes
import mmap
import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Environment in which glibc's heap asks for huge pages from the start."""

_COLLAPSE = 25
_LARGE = 2 << 20
_MAPPING = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) rw-p [0-9a-f]+ 00:00 0 *(\[heap\])?$")
_MAPS = Path("/proc/self/maps")
_DETAILS = Path("/proc/self/smaps")
_CONSTANTS = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) r--p .* /")
"""A mapping of a file that is not written to."""

_MMAP_MAX, _MMAP_MAX_DEFAULT = -4, 65_536
"""The option of glibc's `mallopt` for how many blocks it maps one by one, and its default."""
_FIXED = 0x10
"""The option of `mmap` to replace what is at an address."""


class _Arenas(ctypes.Structure):
    """Python's `PyObjectArenaAllocator`: where small objects get their memory from."""

    _fields_: ClassVar = [(name, ctypes.c_void_p) for name in ("context", "allocate", "free")]


@contextmanager
def dense_memory() -> Generator[None]:
    """Take memory from the heap alone, one mapping; Python and glibc map it piece by piece.

    Pieces lie between libraries, where few blocks can be huge; in the heap they are from the start,
    see `ENVIRONMENT`. Does nothing without glibc.
    """
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        yield
        return
    usual = _Arenas()
    # `calloc(1, size)` is what allocates; nothing is given back, for no function of C frees its
    # second argument. All that is allocated here stays anyway.
    allocate, keep = (
        ctypes.cast(getattr(library, name), ctypes.c_void_p) for name in ("calloc", "getppid")
    )
    dense = _Arenas(1, allocate, keep)
    ctypes.pythonapi.PyObject_GetArenaAllocator(ctypes.byref(usual))
    ctypes.pythonapi.PyObject_SetArenaAllocator(ctypes.byref(dense))
    library.mallopt(_MMAP_MAX, 0)
    try:
        yield
    finally:
        library.mallopt(_MMAP_MAX, _MMAP_MAX_DEFAULT)
        ctypes.pythonapi.PyObject_SetArenaAllocator(ctypes.byref(usual))


def pack_memory(maps: Path = _MAPS) -> None:
    """Collapse the memory that this process has written to so far.

    Args:
        maps: the file in which the kernel lists this process's mappings.
    """
    library = ctypes.CDLL(None, use_errno=True)
    for address in addresses(maps):
        # One call per page: one that cannot be collapsed must not leave out the rest.
        library.madvise(ctypes.c_void_p(address), ctypes.c_size_t(_LARGE), _COLLAPSE)


def share_constants(details: Path = _DETAILS) -> None:
    """Map what the loader wrote into libraries before it made them read-only from a file in memory.

    Their pages are this process's own, and a fork copies an entry for each and more for the gaps
    between them; it copies none of a file. The mapping stays private, with the same content.

    Args:
        details: the file in which the kernel describes this process's mappings.
    """
    ranges = list(constants(details)) if hasattr(os, "memfd_create") else []
    if not ranges:
        return
    library = ctypes.CDLL(None, use_errno=True)
    library.write.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
    library.mmap.argtypes = (
        *(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int),
        ctypes.c_long,
    )
    file = os.memfd_create("constants")
    offset = 0
    for start, size in ranges:
        if library.write(file, start, size) != size:
            break  # those that remain stay as they are
        options = mmap.MAP_PRIVATE | _FIXED
        library.mmap(start, size, mmap.PROT_READ, options, file, offset)
        offset += size
    os.close(file)


def constants(details: Path = _DETAILS) -> Iterator[tuple[int, int]]:
    """Address and size of read-only mappings of files that were written to before."""
    mapping: re.Match[str] | None = None
    for line in details.read_text().splitlines() if details.exists() else ():
        if line.startswith("Anonymous:") and mapping is not None and int(line.split()[1]) > 0:
            start, end = int(mapping[1], 16), int(mapping[2], 16)
            yield start, end - start
        elif "-" in line.split(" ", 1)[0]:
            mapping = _CONSTANTS.match(line)


def addresses(maps: Path) -> Iterator[int]:
    """Addresses at which huge pages of private memory can lie; none without a list of mappings."""
    if not maps.exists():
        return
    for line in maps.read_text().splitlines():
        if mapping := _MAPPING.match(line):
            start, end = int(mapping[1], 16), int(mapping[2], 16)
            yield from range(-(-start // _LARGE) * _LARGE, end - _LARGE + 1, _LARGE)
