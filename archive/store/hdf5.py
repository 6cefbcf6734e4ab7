"""Columns in an HDF5 file: built in memory as an image, read back piece by piece."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from evo.core.errors import HistoryError

_WORTH_COMPRESSING = 1024
"""Bytes of a column below which the chunk index would cost more than gzip saves."""
_CHUNK_BYTES = 1 << 18


class ColumnFile(Mapping[str, NDArray[Any]]):
    """The columns of an open file by name, read when asked for. Get one with `opened`."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self._sources: dict[str, Any] = {}
        self._names = [str(name) for name in file]

    def take(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Entries start to stop of a column."""
        source = self._source(name)
        shape = (stop - start, *source.shape[1:])
        column = np.empty(shape, dtype=source.dtype)
        if column.size:
            space = source.get_space()
            space.select_hyperslab((start, *(0 for _ in shape[1:])), shape)
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
        """An attribute of the file; None where it has none of that name."""
        return self._file.attrs.get(name)

    def _source(self, name: str) -> Any:
        # By the low-level interface: `file[name][start:stop]` takes several times as long.
        if name not in self._sources:
            self._sources[name] = h5py.h5d.open(self._file.id, name.encode())
        return self._sources[name]


@contextmanager
def opened(path: Path) -> Generator[ColumnFile]:
    """The columns of a file, as long as the context lasts.

    Raises:
        FileNotFoundError: it is not there.
        HistoryError: the disk refuses, or it is damaged.
    """
    try:
        with h5py.File(path, locking=False) as file:
            yield ColumnFile(file)
    except FileNotFoundError:
        raise
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        # A merger may take the file away while it is being opened, which HDF5 has no word for.
        if not path.exists():
            raise FileNotFoundError(path) from error
        raise HistoryError(
            f"Cannot read {path}: {error}. Restore it from a copy; evo check says more."
        ) from error


def image(
    columns: Mapping[str, NDArray[Any]], attributes: Mapping[str, str | int], *, head_bytes: int
) -> bytes:
    """An HDF5 file of some columns, each a data set, as it follows a head of so many bytes."""
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
    # Vectors are noise to gzip: a segment 11 % smaller for half as much time again.
    if column.nbytes < _WORTH_COMPRESSING or column.ndim > 1:
        file.create_dataset(name, data=column)
    else:
        file.create_dataset(
            name,
            data=column,
            chunks=(min(len(column), _CHUNK_BYTES // column.itemsize),),
            compression="gzip",
            compression_opts=1,
            shuffle=True,
        )
