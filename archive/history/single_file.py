"""Write a whole campaign into one HDF5 file: `campaign.h5`, opened by h5py, pandas or HDFView.

    records/    one row per record: the columns of an export except `parents`
    parents/    one row per parent: `record` is the row of its child, `id` the parent's
    graphs/     one row per graph: `record` and `text`
    trials/     one row per trial: `record` and the fields of a trial, such as `task` and `loss`
    tasks/      one row per task of an evaluated record: `record`, name, b_wr, bsota_wr, loss
    text_vectors/, behaviour_vectors/    `record` and `vector`, (m, d) float32

Every column has an attribute `description`; text is UTF-8 of any length. Nothing reads this file
back: the segments are the history. Unknown values are NaN, -1 or empty text.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from archive.history.reader import Reader
from archive.store import disk
from archive.store.record_columns import hypotheses_in
from archive.store.tables import Columns, unpack_texts
from evo.core.fields import (
    DIAGNOSIS_FIELDS,
    GRAPH_FIELDS,
    HYPOTHESIS,
    PARENT_FIELDS,
    PARENTS,
    RECORD_FIELDS,
    TASK_FIELDS,
    TRIAL_FIELDS,
    Field,
)

_CHUNK = 4096

_LISTS = {
    "parent": ("parents", PARENT_FIELDS),
    "graph": ("graphs", GRAPH_FIELDS),
    "trial": ("trials", TRIAL_FIELDS),
    "task": ("tasks", TASK_FIELDS),
    "diagnosis": ("diagnoses", DIAGNOSIS_FIELDS),
}
"""Group and columns of each table that holds a list per record."""

_VECTORS = ("text_vectors", "behaviour_vectors")

DESCRIPTIONS: Mapping[str, str] = {
    **{
        f"records/{field.name}": field.description
        for field in RECORD_FIELDS
        if field.name != PARENTS
    },
    **{
        f"{group}/{field.name}": field.description
        for group, fields in _LISTS.values()
        for field in fields
    },
    **{
        f"{group}/record": "row in records/"
        for group in (*(group for group, _ in _LISTS.values()), *_VECTORS)
    },
    "text_vectors/vector": "unit length embedding of the source",
    "behaviour_vectors/vector": "standardised outputs on the kind's probe",
}
"""Description of every column by its path in the file."""


def write_single_file(reader: Reader, path: Path) -> int:
    """Write a campaign into one HDF5 file.

    Returns:
        The number of its records.

    Raises:
        HistoryError: the file could not be written, or a segment is damaged.
    """
    with disk.draft(path) as draft, draft.open("w+b", buffering=0) as raw:
        sink = _Sink(raw)
        count = 0
        with suppress(RuntimeError), h5py.File(sink, "w", libver="v110") as file:
            count = _write(reader, file, sink)
        if sink.error is not None:
            raise sink.error
    return count


def _write(reader: Reader, file: h5py.File, sink: "_Sink") -> int:
    file.attrs["name"] = reader.folder.name
    file.attrs["config"] = json.dumps(dict(reader.config))
    file.attrs["environment"] = json.dumps(dict(reader.environment))
    count = 0
    for columns in reader.records.blocks():
        count += _append_block(file, columns, count)
        if sink.error is not None:
            break
    return count


class _Sink:
    """The file that HDF5 writes to. It crashes where a write fails, so failures are kept for later.

    Attributes:
        error: the first failure; nothing is written after it.
    """

    def __init__(self, file: FileIO) -> None:
        self.error: OSError | None = None
        self._file = file

    def write(self, content: Any) -> int:
        """Write all of it, or keep the reason why not."""
        left = memoryview(content)
        length = left.nbytes
        try:
            while self.error is None and left.nbytes:
                left = left[self._file.write(left) :]
        except OSError as error:
            self.error = error
        return length

    def read(self, size: int = -1) -> bytes:
        """Read what was written."""
        return self._file.read(size)

    def readinto(self, buffer: Any) -> int:
        """Read what was written; zeros where a write failed."""
        view = memoryview(buffer)
        content = self._file.read(view.nbytes)
        view[:] = content + bytes(view.nbytes - len(content))
        return view.nbytes

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._file.seek(place, whence)

    def tell(self) -> int:
        """The place."""
        return self._file.tell()

    def truncate(self, size: int | None = None) -> int:
        """Set the size, or keep the reason why not."""
        try:
            return self._file.truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size or 0

    def flush(self) -> None:
        """Nothing is buffered here."""


def _append_block(file: h5py.File, columns: Columns, first: int) -> int:
    """Append the columns of a block of records, the first of which gets row `first`."""
    count = len(columns["record.has_score"])
    rows = np.arange(first, first + count)
    hypotheses = hypotheses_in(columns)
    _append(file, f"records/{HYPOTHESIS}", _texts([hypotheses.get(i, "") for i in range(count)]))
    for field in RECORD_FIELDS:
        if field.name not in (PARENTS, HYPOTHESIS):
            _append(file, f"records/{field.name}", _values(columns, f"record.{field.name}", field))
    for table, (group, fields) in _LISTS.items():
        if f"{table}.offsets" not in columns:
            continue
        _append(file, f"{group}/record", np.repeat(rows, np.diff(columns[f"{table}.offsets"])))
        for field in fields:
            _append(file, f"{group}/{field.name}", _values(columns, f"{table}.{field.name}", field))
    for name in ("text_vector", "behaviour_vector"):
        if len(columns[name]):
            _append(file, f"{name}s/record", rows[columns[f"{name}.present"]])
            _append(file, f"{name}s/vector", columns[name])
    return count


def _values(columns: Columns, name: str, field: Field) -> Any:
    if field.cell is not str:
        return columns[name]
    return _texts(unpack_texts(columns, name))


def _texts(texts: Iterable[str]) -> Any:
    # Half a surrogate pair is no UTF-8, which HDF5 text is.
    encoded = [text.encode("utf-8", "replace").replace(b"\0", b"") for text in texts]
    return np.array(encoded, dtype=object)


def _append(file: h5py.File, name: str, values: Any) -> None:
    if name not in file:
        is_text = values.dtype == object
        column = file.create_dataset(
            name,
            shape=(0, *values.shape[1:]),
            maxshape=(None, *values.shape[1:]),
            dtype=h5py.string_dtype() if is_text else values.dtype,
            chunks=(_CHUNK if values.ndim == 1 else 256, *values.shape[1:]),
            compression=None if is_text else "gzip",
            compression_opts=None if is_text else 1,
        )
        column.attrs["description"] = DESCRIPTIONS[name]
    column: Any = file[name]
    start = len(column)
    column.resize(start + len(values), axis=0)
    column[start:] = values
