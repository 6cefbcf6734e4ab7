"""Columns of text that take little memory, one text per record.

Texts of which many are equal are numbers that stand for them; ids are arrays of bytes; all others
stay on disk. Each is read like a list: `column[place]`.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from archive.history.records import Records
from archive.store.tables import Columns, unpack_texts
from evo.core.arrays import Floats, Indices

_MOST_ID_BYTES = 64
"""Up to this length ids are stored in an array of cells of one size."""


class Texts(Sequence[str]):
    """Texts by place; a subclass says how many there are and which one is at a place."""

    def at(self, place: int) -> str:
        """The text at a place."""
        raise NotImplementedError

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        places = range(len(self))[index]
        return self.at(places) if isinstance(places, int) else self.several(places)

    def several(self, places: Sequence[int]) -> list[str]:
        """The texts at some places, in their order."""
        return [self.at(place) for place in places]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Texts) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment] # as of lists


class Coded(Texts):
    """Texts of which many are equal.

    Attributes:
        codes: (n,) number of the text of each record.
        values: the different texts by number.
    """

    def __init__(self, codes: NDArray[np.int32], values: Sequence[str]) -> None:
        self.codes = codes
        self.values = values

    def __len__(self) -> int:
        return len(self.codes)

    def at(self, place: int) -> str:
        """The text at a place."""
        return self.values[int(self.codes[place])]

    def __iter__(self) -> Iterator[str]:
        return map(self.values.__getitem__, self.codes.tolist())

    def among(self, *texts: str) -> NDArray[np.bool_]:
        """(n,) True where the text is one of these."""
        wanted = [number for number, value in enumerate(self.values) if value in texts]
        return np.isin(self.codes, wanted)

    def distinct(self, where: NDArray[np.bool_] | None = None) -> list[str]:
        """The different texts, sorted, without the empty one.

        Args:
            where: (n,) which records are looked at; None for all.
        """
        codes = self.codes if where is None else self.codes[where]
        return sorted(filter(None, (self.values[int(code)] for code in np.unique(codes))))


def codes_of(columns: Columns, name: str, known: dict[bytes, int]) -> NDArray[np.int32]:
    """Numbers of the texts of a packed column; those that are new get the next ones.

    Args:
        columns: hold it.
        name: of the column.
        known: numbers by text; it grows.
    """
    blob, offsets = columns[name].tobytes(), columns[f"{name}.offsets"].tolist()
    if not blob:
        return np.full(len(offsets) - 1, known.setdefault(b"", len(known)), dtype=np.int32)
    codes = [known.setdefault(blob[i:j], len(known)) for i, j in pairwise(offsets)]
    return np.array(codes, dtype=np.int32)


class Ids(Texts):
    """Ids, of which each is short.

    Attributes:
        cells: (n,) ids as bytes.
    """

    def __init__(self, cells: NDArray[Any]) -> None:
        self.cells = cells

    def __len__(self) -> int:
        return len(self.cells)

    def at(self, place: int) -> str:
        """The id at a place."""
        return bytes(self.cells[place]).decode("utf-8", "surrogatepass")

    def several(self, places: Sequence[int]) -> list[str]:
        """The ids at some places, in their order."""
        part = (
            slice(places.start, places.stop, places.step)
            if isinstance(places, range)
            else list(places)
        )
        return [bytes.decode(cell, "utf-8", "surrogatepass") for cell in self.cells[part].tolist()]

    def __iter__(self) -> Iterator[str]:
        return iter(self.several(range(len(self))))

    def where(self, id_: str) -> Indices:
        """Places of an id."""
        return np.flatnonzero(self.cells == id_.encode("utf-8", "surrogatepass"))


def column_cells(columns: Columns, name: str) -> NDArray[Any]:
    """The ids of a packed column as cells of one size, or as objects where one is long."""
    sizes = np.diff(columns[f"{name}.offsets"])
    size = int(sizes.max(initial=1))
    if len(sizes) and size == sizes.min() and size <= _MOST_ID_BYTES:
        return columns[name].view(f"S{size}")
    ids = [text.encode("utf-8", "surrogatepass") for text in unpack_texts(columns, name)]
    return np.array(ids, dtype=np.bytes_ if size <= _MOST_ID_BYTES else object)


class IdLists(Sequence[tuple[str, ...]]):
    """A list of ids per record.

    Attributes:
        ids: of all lists, one behind the other.
        offsets: (n + 1,) where each list begins, then the end.
    """

    def __init__(self, ids: Ids, offsets: NDArray[np.int64]) -> None:
        self.ids = ids
        self.offsets = offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> tuple[str, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[str, ...]]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, ...] | list[tuple[str, ...]]:
        places = range(len(self))[index]
        if isinstance(places, int):
            return tuple(self.ids[int(self.offsets[places]) : int(self.offsets[places + 1])])
        offsets = self.offsets[places.start : places.stop + 1]
        ids = self.ids[int(offsets[0]) : int(offsets[-1])] if len(places) else []
        ends = (offsets - offsets[0]).tolist()
        return [tuple(ids[first:last]) for first, last in pairwise(ends)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdLists) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment] # as of lists

    def holders(self, id_: str) -> Indices:
        """Places of the records in whose list an id is, each once."""
        return np.unique(np.searchsorted(self.offsets, self.ids.where(id_), "right") - 1)


class RecordPlaces:
    """Places of records by id.

    Args:
        ids: of the records.
        ranks: (n,) of several places of one id the one of the highest rank counts, then the last.
    """

    def __init__(self, ids: Ids, ranks: Floats) -> None:
        by_rank = np.argsort(ranks, kind="stable")
        self._order = by_rank[np.argsort(ids.cells[by_rank], kind="stable")]
        self._cells = ids.cells[self._order]

    def get(self, id_: str) -> int | None:
        """The place of an id; None where no record has it."""
        cell = id_.encode("utf-8", "surrogatepass")
        last = int(np.searchsorted(self._cells, cell, "right")) - 1
        return int(self._order[last]) if last >= 0 and self._cells[last] == cell else None

    def __contains__(self, id_: str) -> bool:
        return self.get(id_) is not None

    def __getitem__(self, id_: str) -> int:
        place = self.get(id_)
        if place is None:
            raise KeyError(id_)
        return place


class Stored(Texts):
    """Texts that are read from disk when they are asked for.

    Args:
        records: hold them.
        field: name of the field.
        size: number of the records that count.
    """

    def __init__(self, records: Records, field: str, size: int) -> None:
        self._records = records
        self._field = field
        self._size = size

    def __len__(self) -> int:
        return self._size

    def at(self, place: int) -> str:
        """The text at a place."""
        return self._records.texts(self._field, [place])[0]

    def several(self, places: Sequence[int]) -> list[str]:
        """The texts at some places, in their order; quicker than one by one."""
        return self._records.texts(self._field, places)
