"""Where a record becomes a flat row, a list of records becomes columns, and both come back.

Segments and exports share this one description of a record's fields. Nothing here may round,
drop or reorder: what is unpacked equals what was packed, bit for bit.

Columns are named `table.field`. Text is one array of bytes and one of offsets; a list a record
(parents, trials, tasks) is a table of its own, all records' lists end to end, and offsets.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.types import Candidate, Novelty, Record, Score, Status, TaskScore, Trial, Vector, WinRate

Columns = dict[str, NDArray[Any]]
"""Arrays by name, each one-dimensional but the vectors."""

Value = str | int | float | bool | None
Sort = type[str] | type[int] | type[float] | type[bool]

ROW: dict[str, Sort] = {
    "id": str,
    "kind": str,
    "generation": int,
    "status": str,
    "stage": str,
    "reason": str,
    "operator": str,
    "parents": str,
    "source": str,
    "rung": int,
    "b_wr": float,
    "b_wr_low": float,
    "b_wr_high": float,
    "bsota_wr": float,
    "bsota_wr_low": float,
    "bsota_wr_high": float,
    "margin": float,
    "n_text": float,
    "n_behaviour": float,
    "nearest_text": str,
    "nearest_behaviour": str,
    "seconds": float,
}
"""The fields of a flat row in order: names from here go to exports, so they stay."""

_RECORD: dict[str, Sort] = {
    **{name: sort for name, sort in ROW.items() if name != "parents"},
    "graph": str,
    "has_score": bool,
    "has_novelty": bool,
}
_PARENT: dict[str, Sort] = {"id": str}
_TRIAL: dict[str, Sort] = {
    "rung": int,
    "task": str,
    "network": str,
    "seed": int,
    "learning_rate": float,
    "loss": float,
    "accuracy": float,
}
_TASK: dict[str, Sort] = {"name": str, "b_wr": float, "bsota_wr": float, "loss": float}

_MISSING: dict[Sort, Value] = {str: "", int: -1, float: float("nan"), bool: False}


def to_row(record: Record) -> dict[str, Value]:
    """What fits one line of a table, by the names of `ROW`; None where nothing is known."""
    score, novelty = record.score, record.novelty
    return {
        "id": record.candidate.id,
        "kind": record.candidate.kind,
        "generation": record.generation,
        "status": record.status.value,
        "stage": record.stage,
        "reason": record.reason,
        "operator": record.candidate.operator,
        "parents": " ".join(record.candidate.parents),
        "source": record.candidate.source,
        "rung": score.rung if score else None,
        "b_wr": score.b_wr.value if score else None,
        "b_wr_low": score.b_wr.low if score else None,
        "b_wr_high": score.b_wr.high if score else None,
        "bsota_wr": score.bsota_wr.value if score else None,
        "bsota_wr_low": score.bsota_wr.low if score else None,
        "bsota_wr_high": score.bsota_wr.high if score else None,
        "margin": score.margin if score else None,
        "n_text": novelty.text if novelty else None,
        "n_behaviour": novelty.behaviour if novelty else None,
        "nearest_text": novelty.nearest_text if novelty else None,
        "nearest_behaviour": novelty.nearest_behaviour if novelty else None,
        "seconds": record.seconds,
    }


def pack(records: Sequence[Record]) -> Columns:
    """All fields of all records as columns."""
    parents = [[(id_,) for id_ in record.candidate.parents] for record in records]
    scores = [record.score for record in records]
    return {
        **_pack_table("record", _RECORD, [_stored(record) for record in records]),
        **_pack_lists("parent", _PARENT, parents),
        **_pack_lists("trial", _TRIAL, [score.trials if score else () for score in scores]),
        **_pack_lists("task", _TASK, [_tasks(score) for score in scores]),
        **_pack_vectors("text_vector", [record.text_vector for record in records]),
        **_pack_vectors("behaviour_vector", [record.behaviour_vector for record in records]),
    }


def unpack(columns: Columns) -> list[Record]:
    """The records that were packed."""
    parents = _unpack_lists(columns, "parent", _PARENT)
    trials = _unpack_lists(columns, "trial", _TRIAL)
    tasks = _unpack_lists(columns, "task", _TASK)
    text_vectors = _unpack_vectors(columns, "text_vector")
    behaviour_vectors = _unpack_vectors(columns, "behaviour_vector")
    records: list[Record] = []
    for i, values in enumerate(_unpack_table(columns, "record", _RECORD)):
        row = dict(zip(_RECORD, values, strict=True))
        records.append(
            Record(
                Candidate(
                    row["id"],
                    row["kind"],
                    row["source"],
                    tuple(id_ for (id_,) in parents[i]),
                    row["operator"],
                ),
                row["generation"],
                Status(row["status"]),
                row["stage"],
                row["reason"],
                row["graph"],
                text_vectors[i],
                behaviour_vectors[i],
                _score(row, trials[i], tasks[i]) if row["has_score"] else None,
                _novelty(row) if row["has_novelty"] else None,
                row["seconds"],
            )
        )
    return records


def pack_texts(name: str, texts: Iterable[str]) -> Columns:
    """Text as one column of bytes and one of offsets, `name` and `name.offsets`."""
    # A model's reply can hold half of a surrogate pair, which plain UTF-8 refuses.
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    blob = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    return {name: blob, f"{name}.offsets": _offsets(encoded)}


def unpack_texts(columns: Columns, name: str) -> list[str]:
    """The texts that were packed."""
    blob = columns[name].tobytes()
    return [blob[i:j].decode("utf-8", "surrogatepass") for i, j in _spans(columns, name)]


def _stored(record: Record) -> list[Value]:
    row = to_row(record)
    row["graph"] = record.graph
    row["has_score"] = record.score is not None
    row["has_novelty"] = record.novelty is not None
    return [row[name] for name in _RECORD]


def _tasks(score: Score | None) -> list[tuple[Value, ...]]:
    return [(name, *task) for name, task in score.tasks.items()] if score else []


def _score(row: dict[str, Any], trials: list[Any], tasks: list[Any]) -> Score:
    return Score(
        row["rung"],
        tuple(Trial(*trial) for trial in trials),
        WinRate(row["b_wr"], row["b_wr_low"], row["b_wr_high"]),
        WinRate(row["bsota_wr"], row["bsota_wr_low"], row["bsota_wr_high"]),
        row["margin"],
        {name: TaskScore(*values) for name, *values in tasks},
    )


def _novelty(row: dict[str, Any]) -> Novelty:
    return Novelty(row["n_text"], row["n_behaviour"], row["nearest_text"], row["nearest_behaviour"])


def _pack_table(name: str, schema: dict[str, Sort], rows: Sequence[Sequence[Value]]) -> Columns:
    columns: Columns = {}
    for i, (field, sort) in enumerate(schema.items()):
        values: list[Any] = [_MISSING[sort] if row[i] is None else row[i] for row in rows]
        if sort is str:
            columns |= pack_texts(f"{name}.{field}", values)
        else:
            columns[f"{name}.{field}"] = np.array(values, dtype=np.dtype(sort))
    return columns


def _unpack_table(columns: Columns, name: str, schema: dict[str, Sort]) -> list[tuple[Any, ...]]:
    fields = [
        unpack_texts(columns, f"{name}.{field}")
        if sort is str
        else columns[f"{name}.{field}"].tolist()
        for field, sort in schema.items()
    ]
    return list(zip(*fields, strict=True))


def _pack_lists(
    name: str, schema: dict[str, Sort], lists: Sequence[Sequence[Sequence[Value]]]
) -> Columns:
    rows = [row for rows in lists for row in rows]
    return {**_pack_table(name, schema, rows), f"{name}.offsets": _offsets(lists)}


def _unpack_lists(columns: Columns, name: str, schema: dict[str, Sort]) -> list[list[Any]]:
    rows = _unpack_table(columns, name, schema)
    return [rows[i:j] for i, j in _spans(columns, name)]


def _pack_vectors(name: str, vectors: Sequence[Vector]) -> Columns:
    """The vectors that are there as (m, d) float32, and which of the n records have one."""
    present = [vector for vector in vectors if vector.size]
    matrix = np.stack(present) if present else np.zeros((0, 0), dtype=np.float32)
    assert matrix.dtype == np.float32, f"{name} is {matrix.dtype}, not float32"
    mask = np.array([vector.size > 0 for vector in vectors], dtype=np.bool_)
    return {name: matrix, f"{name}.present": mask}


def _unpack_vectors(columns: Columns, name: str) -> list[Vector]:
    rows = iter(columns[name])
    nothing = np.zeros(0, dtype=np.float32)
    return [next(rows) if there else nothing for there in columns[f"{name}.present"]]


def _offsets(parts: Sequence[Sequence[Any]]) -> NDArray[np.int64]:
    return np.cumsum([0, *map(len, parts)], dtype=np.int64)


def _spans(columns: Columns, name: str) -> list[tuple[int, int]]:
    offsets = columns[f"{name}.offsets"].tolist()
    return list(pairwise(offsets))
