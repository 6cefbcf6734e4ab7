"""A whole campaign in one HDF5 file for people: `campaign.h5`, opened by h5py, pandas or HDFView.

    records/    a row a record: the columns of an export, and `graph`
    parents/    a row a parent: `record` is the row of its child, `id` the parent's
    trials/     a row a trial: `record`, and rung, task, network, seed, rate, loss, accuracy
    tasks/      a row a task of an evaluated record: `record`, name, b_wr, bsota_wr, loss
    text_vectors/, behaviour_vectors/    `record` and `vector`, (m, d) float32

Every column has an attribute `description`; text is UTF-8 of any length. Nothing reads this file
back: the segments are the history. What is not known is NaN, -1 or empty text.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from archive.history.reader import Reader
from archive.store import disk
from archive.store.columns import GRAPH, ROW, TASK, TRIAL
from archive.store.tables import Columns, Sort, unpack_texts

_CHUNK = 4096

DESCRIPTIONS: Mapping[str, str] = {
    "records/id": "hash of kind and normalised source",
    "records/kind": "what is evolved",
    "records/generation": "0 holds the baselines",
    "records/status": "DUPLICATE, INVALID, SCREENED_OUT, FAILED or EVALUATED",
    "records/stage": "the step that settled the status",
    "records/reason": "why, in words",
    "records/operator": "what proposed it; baseline for a known component",
    "records/source": "source code",
    "records/rung": "index of the highest rung reached, 0 the shortest; -1 without a score",
    "records/b_wr": "chance to beat a randomly drawn baseline, in [0, 1]",
    "records/b_wr_low": "lower end of its 95 % interval",
    "records/b_wr_high": "upper end of its 95 % interval",
    "records/bsota_wr": "chance to beat the best baseline, in [0, 1]",
    "records/bsota_wr_low": "lower end of its 95 % interval",
    "records/bsota_wr_high": "upper end of its 95 % interval",
    "records/margin": "mean over trials of log(best baseline's loss / own loss)",
    "records/n_text": "1 - largest cosine similarity of source embeddings to anything known",
    "records/n_behaviour": "RMS distance of probe outputs to the nearest known component",
    "records/nearest_text": "id of the nearest neighbour by text",
    "records/nearest_behaviour": "id of the nearest neighbour by behaviour",
    "records/seconds": "processor time that its evaluation cost",
    "records/model": "language model that wrote it, empty where none did",
    "records/request": "key of the request that it answers",
    "records/rationale": "why, in the model's words",
    "records/cost_usd": "price of that request in dollars",
    "records/graph": "traced graph as JSON",
    "parents/record": "row of the child in records/",
    "parents/id": "id of the parent",
    "trials/record": "row in records/",
    "trials/rung": "index of the rung it was run at",
    "trials/task": "name of the task",
    "trials/network": "name of the network",
    "trials/seed": "seed of weights, order and split",
    "trials/learning_rate": "picked for the candidate and network on validation data",
    "trials/loss": "test loss; inf where training diverged",
    "trials/accuracy": "share of test samples classified rightly, in [0, 1]",
    "trials/strength": "what a penalty was multiplied by, picked with the learning rate; else 1",
    "tasks/record": "row in records/",
    "tasks/name": "name of the task",
    "tasks/b_wr": "the same per task",
    "tasks/bsota_wr": "the same per task",
    "tasks/loss": "mean test loss",
    "text_vectors/record": "row in records/",
    "text_vectors/vector": "unit length embedding of the source",
    "behaviour_vectors/record": "row in records/",
    "behaviour_vectors/vector": "standardised outputs on the kind's probe",
}
"""Every column of the file, and what it holds."""


def write_single_file(reader: Reader, path: Path) -> int:
    """Write a campaign into one file; the number of its records.

    Raises:
        HistoryError: the disk refused, or a segment is damaged.
    """
    with disk.draft(path) as draft, h5py.File(draft, "w", libver="v110") as file:
        file.attrs["name"] = reader.folder.name
        file.attrs["config"] = json.dumps(dict(reader.config))
        file.attrs["environment"] = json.dumps(dict(reader.environment))
        count = 0
        for columns in reader.records.blocks():
            count += _append_block(file, columns, count)
    return count


def _append_block(file: h5py.File, columns: Columns, first: int) -> int:
    """The columns of some records behind those before, the first of which is row `first`."""
    count = len(columns["record.has_score"])
    rows = np.arange(first, first + count)
    for name, sort in {**ROW, GRAPH: str}.items():
        if name != "parents":
            _append(file, f"records/{name}", _values(columns, f"record.{name}", sort))
    lists = {
        "parent": ("parents", {"id": str}),
        "trial": ("trials", TRIAL),
        "task": ("tasks", TASK),
    }
    for table, (group, schema) in lists.items():
        _append(file, f"{group}/record", np.repeat(rows, np.diff(columns[f"{table}.offsets"])))
        for name, sort in schema.items():
            _append(file, f"{group}/{name}", _values(columns, f"{table}.{name}", sort))
    for name in ("text_vector", "behaviour_vector"):
        if len(columns[name]):
            _append(file, f"{name}s/record", rows[columns[f"{name}.present"]])
            _append(file, f"{name}s/vector", columns[name])
    return count


def _values(columns: Columns, name: str, sort: Sort) -> Any:
    if sort is not str:
        return columns[name]
    # Half a surrogate pair is no UTF-8, which HDF5 text is.
    texts = [t.encode("utf-8", "replace").replace(b"\0", b"") for t in unpack_texts(columns, name)]
    return np.array(texts, dtype=object)


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
