"""Export a history as one table with one row per record, as csv, jsonl or parquet.

Vectors, trials and graphs are left out; `archive.history.single_file` has everything in one HDF5
file. Rows are written in batches, so that memory does not grow with the history.
"""

import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import csv, parquet

from archive.store import disk
from evo.core.errors import unknown_name
from evo.core.fields import RECORD_FIELDS, CellValue, record_row
from evo.core.records import Record

FORMATS = ("csv", "jsonl", "parquet")

EXPORT_SCHEMA: Any = pa.schema(
    [
        (field.name, {str: pa.string(), int: pa.int64(), float: pa.float64()}[field.cell])
        for field in RECORD_FIELDS
    ]
)
"""The columns of `RECORD_FIELDS` as Arrow types."""

Row = dict[str, CellValue]

_BATCH = 4096


class Further(NamedTuple):
    """Columns besides those of records.

    Attributes:
        types: a type by column: str or float.
        rows: gives each record with its further cells, in order.
    """

    types: Mapping[str, type[str] | type[float]]
    rows: Callable[[Iterable[Record]], Iterable[tuple[Record, Row]]]


def export_records(
    records: Iterable[Record], path: Path, form: str, *, further: Further | None = None
) -> int:
    """Write records as a table with the columns of `RECORD_FIELDS`.

    Unknown values are null; in a csv an empty cell, where empty text is `""`.

    Args:
        records: one row each, in this order.
        path: the file to write; an existing one is replaced.
        form: one of `FORMATS`. JSON has no infinity, so jsonl has null instead.
        further: columns behind those of records.

    Returns:
        The number of records.

    Raises:
        UsageError: `form` is not one of `FORMATS`.
        HistoryError: the file could not be written.
    """
    if form not in FORMATS:
        raise unknown_name("export format", form, FORMATS)
    count = 0

    def rows() -> Iterator[Row]:
        nonlocal count
        for row in _rows(records, further):
            count += 1
            yield row

    with disk.draft(path) as draft:
        _WRITERS[form](rows(), draft, _schema(further))
    return count


def records_table(records: Iterable[Record], *, further: Further | None = None) -> Any:
    """Records as a `pyarrow.Table` with the columns of `RECORD_FIELDS`, and further ones."""
    schema = _schema(further)
    return pa.Table.from_batches(_batches(_rows(records, further), schema), schema=schema)


def _rows(records: Iterable[Record], further: Further | None) -> Iterator[Row]:
    if further is None:
        yield from (_clean(record_row(record)) for record in records)
        return
    for record, cells in further.rows(records):
        yield _clean(record_row(record) | cells)


def _schema(further: Further | None) -> Any:
    if further is None:
        return EXPORT_SCHEMA
    types = {str: pa.string(), float: pa.float64()}
    return pa.schema(
        [*EXPORT_SCHEMA, *((name, types[kind]) for name, kind in further.types.items())]
    )


def _clean(row: Row) -> Row:
    """A row without half surrogate pairs, which no table format can hold."""
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in row.items()
    }


def _csv(rows: Iterator[Row], path: Path, schema: Any) -> None:
    with csv.CSVWriter(path, schema) as writer:
        for batch in _batches(rows, schema):
            writer.write_batch(batch)


def _parquet(rows: Iterator[Row], path: Path, schema: Any) -> None:
    with parquet.ParquetWriter(path, schema) as writer:
        for batch in _batches(rows, schema):
            writer.write_batch(batch)


def _jsonl(rows: Iterator[Row], path: Path, _: Any) -> None:
    with path.open("w") as file:
        for row in rows:
            file.write(json.dumps(_finite(row), allow_nan=False) + "\n")


def _batches(rows: Iterator[Row], schema: Any) -> Iterator[Any]:
    while batch := list(itertools.islice(rows, _BATCH)):
        yield pa.RecordBatch.from_pylist(batch, schema=schema)


def _finite(row: Row) -> Row:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }


_WRITERS: dict[str, Callable[[Iterator[Row], Path, Any], None]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
}
