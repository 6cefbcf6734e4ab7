"""A history as one table for other tools: a row a record, without vectors, trials and graphs."""

import io
import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv, parquet

from archive import disk
from archive.columns import ROW, Value, to_row
from evo.errors import unknown_name
from evo.types import Record

FORMATS = ("csv", "jsonl", "parquet")

Row = dict[str, Value]


def export(records: Iterable[Record], path: Path, form: str) -> None:
    """Write records as a table with the columns of `archive.columns.ROW`.

    What is not known is null: nothing at all between two commas of a csv, where empty text is `""`.

    Args:
        records: one row each, in this order.
        path: the file to write; an existing one is replaced.
        form: one of `FORMATS`. JSON has no infinity, so jsonl has null instead of it.

    Raises:
        UsageError: no such form.
        HistoryError: the disk refused.
    """
    if form not in FORMATS:
        raise unknown_name("export format", form, FORMATS)
    disk.replace(path, _WRITERS[form]([_clean(to_row(record)) for record in records]))


def _clean(row: Row) -> Row:
    """A row without half surrogate pairs, which no table format can hold."""
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in row.items()
    }


def _csv(rows: list[Row]) -> bytes:
    sink = io.BytesIO()
    csv.write_csv(_table(rows), sink)
    return sink.getvalue()


def _parquet(rows: list[Row]) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(_table(rows), sink)
    return sink.getvalue()


def _jsonl(rows: list[Row]) -> bytes:
    return "".join(json.dumps(_finite(row), allow_nan=False) + "\n" for row in rows).encode()


def _table(rows: list[Row]) -> Any:
    sorts = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    schema = pa.schema([(name, sorts[sort]) for name, sort in ROW.items()])
    return pa.Table.from_pylist(rows, schema=schema)


def _finite(row: Row) -> Row:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }


_WRITERS: dict[str, Callable[[list[Row]], bytes]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
}
