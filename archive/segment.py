"""One sealed generation in one immutable HDF5 file.

The file starts with 512 bytes that HDF5 leaves to its user, where the format and the SHA-256 of
all that follows stand as text; any HDF5 tool opens the rest. A segment is built in memory and
renamed into place, so that no half of one ever exists, and it must never be changed afterwards.

A column is a data set (see `archive.columns`); the ids of the survivors are one more.
"""

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
from numpy.typing import NDArray

from archive import disk
from archive.columns import Columns, pack, pack_texts, unpack, unpack_texts
from evo.errors import HistoryError
from evo.types import Record

FORMAT = 1

_HEAD_BYTES = 512
_HEAD = re.compile(rb"evo history segment\nformat (\d+)\nsha256 ([0-9a-f]{64})\n\0+")
_WORTH_COMPRESSING = 1024
"""Bytes of a column below which the chunk index would cost more than gzip saves."""


class Segment(NamedTuple):
    """One generation: its records in order, and the population that lives on."""

    generation: int
    records: list[Record]
    survivors: tuple[str, ...]


def file_name(generation: int) -> str:
    """File name of a generation's segment; names sort as generations do."""
    return f"generation-{generation:06d}.h5"


def write(folder: Path, segment: Segment) -> None:
    """Seal a generation durably.

    Raises:
        HistoryError: the disk refused; nothing is there under the segment's name.
    """
    body = _to_hdf5(segment)
    digest = hashlib.sha256(body).hexdigest()
    head = f"evo history segment\nformat {FORMAT}\nsha256 {digest}\n".encode()
    disk.replace(folder / file_name(segment.generation), head.ljust(_HEAD_BYTES, b"\0") + body)


def read(path: Path) -> Segment:
    """A sealed generation, its every byte checked.

    Raises:
        HistoryError: the file is damaged, foreign or of another format.
    """
    with disk.reading(path):
        data = path.read_bytes()
    head = _HEAD.fullmatch(data[:_HEAD_BYTES])
    if head is None:
        raise HistoryError(f"{path} is no segment of evo, or damaged. Restore it from a copy.")
    if int(head[1]) != FORMAT:
        raise HistoryError(
            f"{path} has format {int(head[1])}, this version of evo reads format {FORMAT}. "
            "Use the version that wrote it."
        )
    if hashlib.sha256(data[_HEAD_BYTES:]).hexdigest() != head[2].decode():
        raise HistoryError(
            f"{path} is damaged: its contents do not match its checksum. Restore it from a copy."
        )
    segment = _from_hdf5(data[_HEAD_BYTES:])
    if path.name != file_name(segment.generation):
        raise HistoryError(
            f"{path} holds generation {segment.generation}: it was renamed. Name it "
            f"{file_name(segment.generation)}."
        )
    return segment


def _to_hdf5(segment: Segment) -> bytes:
    columns = pack(segment.records) | pack_texts("survivors", segment.survivors)
    with h5py.File(
        "segment",
        "w",
        driver="core",
        backing_store=False,
        libver="v110",
        userblock_size=_HEAD_BYTES,
    ) as file:
        file.attrs["generation"] = segment.generation
        file.attrs["records"] = len(segment.records)
        for key, column in columns.items():
            _add(file, key, column)
        file.flush()
        return file.id.get_file_image()


def _add(file: h5py.File, key: str, column: NDArray[np.generic]) -> None:
    # Vectors are noise to gzip: a segment 11 % smaller for half as much time again.
    if column.nbytes < _WORTH_COMPRESSING or column.ndim > 1:
        file.create_dataset(key, data=column)
    else:
        file.create_dataset(
            key,
            data=column,
            chunks=column.shape,
            compression="gzip",
            compression_opts=1,
            shuffle=True,
        )


def _from_hdf5(body: bytes) -> Segment:
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    access.set_file_image(body)
    with h5py.File(h5py.h5f.open(b"segment", h5py.h5f.ACC_RDONLY, access)) as file:
        columns: Columns = {str(key): _column(file, str(key)) for key in file}
        generation = int(np.asarray(file.attrs["generation"]))
    return Segment(generation, unpack(columns), tuple(unpack_texts(columns, "survivors")))


def _column(file: h5py.File, key: str) -> NDArray[np.generic]:
    # By the low-level interface: `file[key][()]` takes twice the time of opening a history.
    source = h5py.h5d.open(file.id, key.encode())
    column = np.empty(source.shape, dtype=source.dtype)
    if column.size:
        source.read(h5py.h5s.ALL, h5py.h5s.ALL, column)
    return column
