"""Rows as columns: flat arrays by name, their pieces, and their joins.

A table `t` with a field `f` is one array `t.f`. Text is one array of bytes and one of offsets,
`t.f.offsets`. A list a row is a table of its own, all rows' lists end to end, and `t.offsets`. Some
vector a row is a matrix `v` of those there are, and `v.present` says which rows have one. So every
name ends in one of few ways, and cutting and joining need know nothing else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.core.fields import CellValue, ColumnType
from evo.core.records import Vector

Columns = dict[str, NDArray[Any]]
"""Arrays by name, each one-dimensional but the vectors."""

Schema = Mapping[str, ColumnType]

Slice = Callable[[str, int, int], NDArray[Any]]
"""Entries i to j of the column of that name, wherever they are kept."""

_MISSING: dict[ColumnType, CellValue] = {str: "", int: -1, float: float("nan"), bool: False}


def pack_table(name: str, schema: Schema, rows: Sequence[Sequence[CellValue]]) -> Columns:
    """Rows of a table, its fields in the order of the schema."""
    columns: Columns = {}
    for i, (field, sort) in enumerate(schema.items()):
        values: list[Any] = [_MISSING[sort] if row[i] is None else row[i] for row in rows]
        if sort is str:
            columns |= pack_texts(f"{name}.{field}", values)
        else:
            columns[f"{name}.{field}"] = np.array(values, dtype=np.dtype(sort))
    return columns


def unpack_table(columns: Columns, name: str, schema: Schema) -> list[tuple[Any, ...]]:
    """The rows that were packed."""
    fields = [
        unpack_texts(columns, f"{name}.{field}")
        if sort is str
        else columns[f"{name}.{field}"].tolist()
        for field, sort in schema.items()
    ]
    return list(zip(*fields, strict=True))


def cut_table(take: Slice, name: str, schema: Schema, start: int, stop: int) -> Columns:
    """Rows start to stop of a table, copied."""
    columns: Columns = {}
    for field, sort in schema.items():
        key = f"{name}.{field}"
        if sort is not str:
            columns[key] = take(key, start, stop)
            continue
        offsets = take(f"{key}.offsets", start, stop + 1)
        columns[f"{key}.offsets"] = offsets - offsets[0]
        columns[key] = take(key, int(offsets[0]), int(offsets[-1]))
    return columns


def pack_texts(name: str, texts: Iterable[str]) -> Columns:
    """Text as one column of bytes and one of offsets, `name` and `name.offsets`."""
    # A model's reply can hold half of a surrogate pair, which plain UTF-8 refuses.
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    blob = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    return {name: blob, f"{name}.offsets": _offsets(encoded)}


def unpack_texts(columns: Columns, name: str) -> list[str]:
    """The texts that were packed."""
    blob = columns[name].tobytes()
    if not blob:  # as of a column that most campaigns leave empty
        return [""] * (len(columns[f"{name}.offsets"]) - 1)
    return [blob[i:j].decode("utf-8", "surrogatepass") for i, j in spans(columns, name)]


def pack_lists(
    name: str, schema: Schema, lists: Sequence[Sequence[Sequence[CellValue]]]
) -> Columns:
    """A list of rows for each row of another table."""
    rows = [row for rows in lists for row in rows]
    return {**pack_table(name, schema, rows), f"{name}.offsets": _offsets(lists)}


def unpack_lists(columns: Columns, name: str, schema: Schema) -> list[list[Any]]:
    """The lists that were packed."""
    rows = unpack_table(columns, name, schema)
    return [rows[i:j] for i, j in spans(columns, name)]


def cut_lists(take: Slice, name: str, schema: Schema, start: int, stop: int) -> Columns:
    """The lists of rows start to stop, copied."""
    offsets = take(f"{name}.offsets", start, stop + 1)
    rows = cut_table(take, name, schema, int(offsets[0]), int(offsets[-1]))
    return {**rows, f"{name}.offsets": offsets - offsets[0]}


def pack_vectors(name: str, vectors: Sequence[Vector]) -> Columns:
    """The vectors that are there as (m, d) float32, and which of the n rows have one."""
    present = [vector for vector in vectors if vector.size]
    matrix = np.stack(present) if present else np.zeros((0, 0), dtype=np.float32)
    assert matrix.dtype == np.float32, f"{name} is {matrix.dtype}, not float32"
    mask = np.array([vector.size > 0 for vector in vectors], dtype=np.bool_)
    return {name: matrix, f"{name}.present": mask}


def unpack_vectors(columns: Columns, name: str) -> list[Vector]:
    """The vectors that were packed, (0,) where there was none."""
    rows = iter(columns[name])
    nothing = np.zeros(0, dtype=np.float32)
    # Copied: one that is kept must not keep its whole neighbourhood in memory.
    return [next(rows).copy() if there else nothing for there in columns[f"{name}.present"]]


def cut_vectors(take: Slice, name: str, start: int, stop: int) -> Columns:
    """The vectors of rows start to stop, copied."""
    before = int(np.count_nonzero(take(f"{name}.present", 0, start)))
    mask = take(f"{name}.present", start, stop)
    matrix = take(name, before, before + int(np.count_nonzero(mask)))
    # Without any vector the length is not known either: the same bytes wherever it was cut from.
    return {name: matrix if len(matrix) else matrix.reshape(0, 0), f"{name}.present": mask}


def join(name: str, parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """One column of the same column of consecutive pieces."""
    if name.endswith(".offsets"):
        ends = np.cumsum([0, *(part[-1] for part in parts)])
        shifted = (part[1:] + end for part, end in zip(parts, ends, strict=False))
        return np.concatenate([np.zeros(1, dtype=np.int64), *shifted])
    filled = [part for part in parts if len(part)]
    return np.concatenate(filled) if filled else parts[0]


def spans(columns: Columns, name: str) -> list[tuple[int, int]]:
    """Where each list or text of a column begins and ends."""
    offsets = columns[f"{name}.offsets"].tolist()
    return list(pairwise(offsets))


def _offsets(parts: Sequence[Sequence[Any]]) -> NDArray[np.int64]:
    return np.cumsum([0, *map(len, parts)], dtype=np.int64)
