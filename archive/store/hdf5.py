"""Write columns as an HDF5 file built in memory, and read slices of them."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from evo.core.errors import HistoryError

_MIN_COMPRESSED_BYTES = 1024
"""Size below which a column is not compressed: the chunk index would cost more than gzip saves."""
_CHUNK_BYTES = 1 << 18


class ColumnFile(Mapping[str, NDArray[Any]]):
    """The columns of an open file by name, read on access. Get one with `opened`."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self._sources: dict[str, Any] = {}
        self._names = [str(name) for name in file]

    def take(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Read entries start to stop of a column."""
        source = self._source(name)
        length, *width = source.shape
        shape = (stop - start, *width)
        column = np.empty(shape, dtype=source.dtype)
        if column.size and (start, stop) == (0, length):
            # A selection of all entries would take four times as long as the reading.
            source.read(h5py.h5s.ALL, h5py.h5s.ALL, column)
        elif column.size:
            space = source.get_space()
            space.select_hyperslab((start, *(0 for _ in width)), shape)
            source.read(h5py.h5s.create_simple(shape), space, column)
        return column

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.take(name, 0, self._source(name).shape[0])

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def attribute(self, name: str) -> Any:
        """Value of an attribute of the file; None where it has no such attribute."""
        return self._file.attrs.get(name)

    def _source(self, name: str) -> Any:
        # The low-level interface: `file[name][start:stop]` takes several times as long.
        if name not in self._sources:
            self._sources[name] = h5py.h5d.open(self._file.id, name.encode())
        return self._sources[name]


@contextmanager
def opened(path: Path) -> Generator[ColumnFile]:
    """Open a file for reading its columns within the context.

    Raises:
        FileNotFoundError: the file does not exist.
        HistoryError: it cannot be read, or is damaged.
    """
    try:
        with h5py.File(path, locking=False) as file:
            yield ColumnFile(file)
    except FileNotFoundError:
        raise
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        # A writer may delete the file while it is opened, for which HDF5 has no error of its own.
        if not path.exists():
            raise FileNotFoundError(path) from error
        raise HistoryError(
            f"Cannot read {path}: {error}. Restore it from a copy, or run evo check."
        ) from error


def image(
    columns: Mapping[str, NDArray[Any]], attributes: Mapping[str, str | int], *, head_bytes: int
) -> bytes:
    """The bytes of an HDF5 file with one data set per column, which follow a head.

    Args:
        columns: arrays by name.
        attributes: attributes of the file.
        head_bytes: size of the head that precedes it (HDF5's user block).
    """
    with h5py.File(
        "image",
        "w",
        driver="core",
        backing_store=False,
        block_size=1 << 20,
        libver="v110",
        userblock_size=head_bytes,
    ) as file:
        file.attrs.update(attributes)
        for name, column in columns.items():
            _add(file, name, column)
        file.flush()
        return file.id.get_file_image()


def _add(file: h5py.File, name: str, column: NDArray[np.generic]) -> None:
    # The low-level interface: `create_dataset` takes twice as long, for the same bytes.
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_obj_track_times(False)
    # Vectors hardly compress: gzip would save 11 % of a segment for half as much time again.
    if column.nbytes >= _MIN_COMPRESSED_BYTES and column.ndim == 1:
        settings.set_chunk((min(len(column), _CHUNK_BYTES // column.itemsize),))
        settings.set_shuffle()
        settings.set_deflate(1)
    form = h5py.h5t.py_create(column.dtype, logical=True)
    space = h5py.h5s.create_simple(column.shape)
    source = h5py.h5d.create(file.id, name.encode(), form, space, settings)
    if column.size:
        source.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(column))
