"""Tables as flat arrays by name: packing, unpacking, slicing and joining.

A table `t` with a field `f` is one array `t.f`. Text is one array of bytes and one of offsets,
`t.f.offsets`. A list per row is a table of its own, with the lists of all rows concatenated, and
`t.offsets`. An optional vector per row is a matrix `v` of the vectors there are, and a mask
`v.present` of the rows that have one. The end of its name is all that slicing and joining an array
need to know.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.core.fields import CellValue, ColumnType
from evo.core.records import Vector

Columns = dict[str, NDArray[Any]]
"""Arrays by name, all one-dimensional except vectors."""

Schema = Mapping[str, ColumnType]

Slice = Callable[[str, int, int], NDArray[Any]]
"""Reads entries i to j of the column of that name, from memory or a file."""

_MISSING: dict[ColumnType, CellValue] = {str: "", int: -1, float: float("nan"), bool: False}


def pack_table(name: str, schema: Schema, rows: Sequence[Sequence[CellValue]]) -> Columns:
    """Pack rows whose cells are in the order of the schema."""
    columns: Columns = {}
    for i, (field, type_) in enumerate(schema.items()):
        values: list[Any] = [_MISSING[type_] if row[i] is None else row[i] for row in rows]
        if type_ is str:
            columns |= pack_texts(f"{name}.{field}", values)
        else:
            columns[f"{name}.{field}"] = np.array(values, dtype=np.dtype(type_))
    return columns


def unpack_table(columns: Columns, name: str, schema: Schema) -> list[tuple[Any, ...]]:
    """Unpack the rows of a table."""
    fields = [
        unpack_texts(columns, f"{name}.{field}")
        if type_ is str
        else columns[f"{name}.{field}"].tolist()
        for field, type_ in schema.items()
    ]
    return list(zip(*fields, strict=True))


def cut_table(take: Slice, name: str, schema: Schema, start: int, stop: int) -> Columns:
    """Copy rows start to stop of a table."""
    columns: Columns = {}
    for field, type_ in schema.items():
        key = f"{name}.{field}"
        if type_ is not str:
            columns[key] = take(key, start, stop)
            continue
        offsets = take(f"{key}.offsets", start, stop + 1)
        columns[f"{key}.offsets"] = offsets - offsets[0]
        begin, end = int(offsets[0]), int(offsets[-1])
        # Where there is no text, a file's data set of it need not be opened.
        columns[key] = take(key, begin, end) if end > begin else np.empty(0, dtype=np.uint8)
    return columns


def cut_tables(
    take: Slice, schema: Schema, lists: Mapping[str, Schema], start: int, stop: int
) -> Columns:
    """Copy rows start to stop of the table of records, and of some tables that list per record."""
    columns = cut_table(take, "record", schema, start, stop)
    for name, fields in lists.items():
        columns |= cut_lists(take, name, fields, start, stop)
    return columns


def pack_texts(name: str, texts: Iterable[str]) -> Columns:
    """Pack texts as one column of bytes and one of offsets, `name` and `name.offsets`."""
    # A model's reply can hold half of a surrogate pair, which plain UTF-8 refuses.
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    blob = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    return {name: blob, f"{name}.offsets": _offsets(encoded)}


def unpack_texts(columns: Columns, name: str) -> list[str]:
    """Unpack the texts of a column."""
    blob = columns[name].tobytes()
    if not blob:  # as of a column that most campaigns leave empty
        return [""] * (len(columns[f"{name}.offsets"]) - 1)
    return [blob[i:j].decode("utf-8", "surrogatepass") for i, j in spans(columns, name)]


def pack_lists(
    name: str, schema: Schema, lists: Sequence[Sequence[Sequence[CellValue]]]
) -> Columns:
    """Pack a list of rows for each row of another table."""
    rows = [row for rows in lists for row in rows]
    return {**pack_table(name, schema, rows), f"{name}.offsets": _offsets(lists)}


def unpack_lists(columns: Columns, name: str, schema: Schema) -> list[list[Any]]:
    """Unpack the list of each row."""
    rows = unpack_table(columns, name, schema)
    return [rows[i:j] for i, j in spans(columns, name)]


def cut_lists(take: Slice, name: str, schema: Schema, start: int, stop: int) -> Columns:
    """Copy the lists of rows start to stop."""
    offsets = take(f"{name}.offsets", start, stop + 1)
    rows = cut_table(take, name, schema, int(offsets[0]), int(offsets[-1]))
    return {**rows, f"{name}.offsets": offsets - offsets[0]}


def pack_vectors(name: str, vectors: Sequence[Vector]) -> Columns:
    """Pack n vectors, of which m are not empty, as (m, d) float32 and a mask (n,)."""
    present = [vector for vector in vectors if vector.size]
    matrix = np.stack(present) if present else np.zeros((0, 0), dtype=np.float32)
    assert matrix.dtype == np.float32, f"{name} is {matrix.dtype}, not float32"
    mask = np.array([vector.size > 0 for vector in vectors], dtype=np.bool_)
    return {name: matrix, f"{name}.present": mask}


def unpack_vectors(columns: Columns, name: str) -> list[Vector]:
    """Unpack the vector of each row, (d,) float32; (0,) where it has none."""
    rows = iter(columns[name])
    nothing = np.zeros(0, dtype=np.float32)
    # Copied: a record that is kept must not keep its whole block in memory.
    return [next(rows).copy() if has else nothing for has in columns[f"{name}.present"]]


def cut_vectors(take: Slice, name: str, start: int, stop: int) -> Columns:
    """Copy the vectors of rows start to stop."""
    before = int(np.count_nonzero(take(f"{name}.present", 0, start)))
    mask = take(f"{name}.present", start, stop)
    matrix = take(name, before, before + int(np.count_nonzero(mask)))
    # (0, 0) as from `pack_vectors`: a checksum must not depend on the table it was cut from.
    return {name: matrix if len(matrix) else matrix.reshape(0, 0), f"{name}.present": mask}


def join(name: str, parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Concatenate the pieces of one column; offsets are shifted."""
    if name.endswith(".offsets"):
        ends = np.cumsum([0, *(part[-1] for part in parts)])
        shifted = (part[1:] + end for part, end in zip(parts, ends, strict=False))
        return np.concatenate([np.zeros(1, dtype=np.int64), *shifted])
    filled = [part for part in parts if len(part)]
    return np.concatenate(filled) if filled else parts[0]


def spans(columns: Columns, name: str) -> list[tuple[int, int]]:
    """Begin and end of each list or text of a column."""
    offsets = columns[f"{name}.offsets"].tolist()
    return list(pairwise(offsets))


def _offsets(parts: Sequence[Sequence[Any]]) -> NDArray[np.int64]:
    return np.cumsum([0, *map(len, parts)], dtype=np.int64)
