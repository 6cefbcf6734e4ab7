"""Where a record becomes a flat row, a list of records becomes columns, and both come back.

Segments and exports share this one description of a record's fields. Nothing here may round,
drop or reorder: what is unpacked equals what was packed, bit for bit.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from archive.store.tables import (
    CellValue,
    Columns,
    Slice,
    Sort,
    cut_lists,
    cut_table,
    cut_vectors,
    pack_lists,
    pack_table,
    pack_vectors,
    spans,
    unpack_lists,
    unpack_table,
    unpack_vectors,
)
from evo.core.estimate import Estimate
from evo.core.records import Candidate, Novelty, Record, Score, Status, TaskScore, Trial

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
    "model": str,
    "request": str,
    "rationale": str,
    "cost_usd": float,
}
"""The fields of a flat row in order: names from here go to exports, so they stay."""

GRAPH = "graph"
"""The column that segments and `campaign.h5` have beside those of a row."""

_RECORD: dict[str, Sort] = {
    **{name: sort for name, sort in ROW.items() if name != "parents"},
    GRAPH: str,
    "has_score": bool,
    "has_novelty": bool,
}
STRENGTH = "trial.strength"
"""The column that format 2 lacked."""
_LATER_TEXTS = ("record.model", "record.request", "record.rationale")
PARENT: dict[str, Sort] = {"id": str}
TRIAL: dict[str, Sort] = {
    "rung": int,
    "task": str,
    "network": str,
    "seed": int,
    "learning_rate": float,
    "loss": float,
    "accuracy": float,
    STRENGTH.removeprefix("trial."): float,
}
TASK: dict[str, Sort] = {"name": str, "b_wr": float, "bsota_wr": float, "loss": float}


def to_row(record: Record) -> dict[str, CellValue]:
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
        "model": record.candidate.model,
        "request": record.candidate.request,
        "rationale": record.candidate.rationale,
        "cost_usd": record.cost_usd,
    }


def pack_records(records: Sequence[Record]) -> Columns:
    """All fields of all records as columns."""
    parents = [[(id_,) for id_ in record.candidate.parents] for record in records]
    scores = [record.score for record in records]
    return {
        **pack_table("record", _RECORD, [_stored(record) for record in records]),
        **pack_lists("parent", PARENT, parents),
        **pack_lists("trial", TRIAL, [score.trials if score else () for score in scores]),
        **pack_lists("task", TASK, [_tasks(score) for score in scores]),
        **pack_vectors("text_vector", [record.text_vector for record in records]),
        **pack_vectors("behaviour_vector", [record.behaviour_vector for record in records]),
    }


def unpack(columns: Columns) -> list[Record]:
    """The records that were packed."""
    parents = unpack_lists(columns, "parent", PARENT)
    tasks = unpack_lists(columns, "task", TASK)
    text_vectors = unpack_vectors(columns, "text_vector")
    behaviour_vectors = unpack_vectors(columns, "behaviour_vector")
    trials = spans(columns, "trial")
    records: list[Record] = []
    for i, values in enumerate(unpack_table(columns, "record", _RECORD)):
        row = dict(zip(_RECORD, values, strict=True))
        records.append(
            Record(
                Candidate(
                    row["id"],
                    row["kind"],
                    row["source"],
                    tuple(id_ for (id_,) in parents[i]),
                    row["operator"],
                    row["model"],
                    row["request"],
                    row["rationale"],
                ),
                row["generation"],
                Status(row["status"]),
                row["stage"],
                row["reason"],
                row["graph"],
                text_vectors[i],
                behaviour_vectors[i],
                _score(row, LazyTrials(columns, *trials[i]), tasks[i])
                if row["has_score"]
                else None,
                _novelty(row) if row["has_novelty"] else None,
                row["seconds"],
                row["cost_usd"],
            )
        )
    return records


def upgraded(columns: Columns) -> Columns:
    """The columns of format 1 or 2, with those that it lacked."""
    columns = columns | {STRENGTH: absent(STRENGTH, 0, len(columns["trial.rung"]))}
    if "record.cost_usd" in columns:
        return columns
    count = len(columns["record.generation"])
    later = {name: absent(name, 0, count) for name in ("record.cost_usd", *_LATER_TEXTS)}
    ends = {f"{name}.offsets": absent(f"{name}.offsets", 0, count + 1) for name in _LATER_TEXTS}
    return columns | later | ends


def absent(name: str, start: int, stop: int) -> NDArray[Any]:
    """What a column that formats 1 or 2 lacked would hold: no model, request, cost; strength 1."""
    if name == STRENGTH:
        return np.ones(stop - start)
    if name in _LATER_TEXTS:
        return np.zeros(0, dtype=np.uint8)
    return np.zeros(stop - start, dtype=np.int64 if name.endswith(".offsets") else np.float64)


def slice_columns(take: Slice, start: int, stop: int) -> Columns:
    """The columns of records start to stop alone, copied."""
    return {
        **cut_table(take, "record", _RECORD, start, stop),
        **cut_lists(take, "parent", PARENT, start, stop),
        **cut_lists(take, "trial", TRIAL, start, stop),
        **cut_lists(take, "task", TASK, start, stop),
        **cut_vectors(take, "text_vector", start, stop),
        **cut_vectors(take, "behaviour_vector", start, stop),
    }


def digest(columns: Columns) -> str:
    """SHA-256 of columns by content: the same wherever and however they are stored."""
    found = hashlib.sha256()
    for name, column in sorted(columns.items()):
        found.update(f"{name} {column.dtype.str} {column.shape}\n".encode())
        found.update(column.tobytes())
    return found.hexdigest()


class LazyTrials(Sequence[Trial]):
    """The trials of a score, decoded when somebody looks: most who read a history never do.

    Equal to the tuple of the same trials.

    Args:
        columns: those of a table of trials.
        first: its first row that is ours.
        last: the first one that is not.
    """

    def __init__(self, columns: Columns, first: int, last: int) -> None:
        # Copied: a record that is kept must not keep its whole neighbourhood in memory.
        self._columns = cut_table(
            lambda name, i, j: columns[name][i:j].copy(), "trial", TRIAL, first, last
        )

    @overload
    def __getitem__(self, index: int) -> Trial: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Trial, ...]: ...
    def __getitem__(self, index: int | slice) -> Trial | tuple[Trial, ...]:
        return self._decoded()[index]

    def __len__(self) -> int:
        return len(self._columns["trial.rung"])

    def __iter__(self) -> Iterator[Trial]:
        return iter(self._decoded())

    def __eq__(self, other: object) -> bool:
        return self._decoded() == (other._decoded() if isinstance(other, LazyTrials) else other)

    def __hash__(self) -> int:
        return hash(self._decoded())

    def __repr__(self) -> str:
        return repr(self._decoded())

    def _decoded(self) -> tuple[Trial, ...]:
        return tuple(map(Trial._make, unpack_table(self._columns, "trial", TRIAL)))


def _stored(record: Record) -> list[CellValue]:
    row = to_row(record)
    row["graph"] = record.graph
    row["has_score"] = record.score is not None
    row["has_novelty"] = record.novelty is not None
    return [row[name] for name in _RECORD]


def _tasks(score: Score | None) -> list[tuple[CellValue, ...]]:
    return [(name, *task) for name, task in score.tasks.items()] if score else []


def _score(row: dict[str, Any], trials: "LazyTrials", tasks: list[Any]) -> Score:
    return Score(
        row["rung"],
        trials,
        Estimate(row["b_wr"], row["b_wr_low"], row["b_wr_high"]),
        Estimate(row["bsota_wr"], row["bsota_wr_low"], row["bsota_wr_high"]),
        row["margin"],
        {name: TaskScore(*values) for name, *values in tasks},
    )


def _novelty(row: dict[str, Any]) -> Novelty:
    return Novelty(row["n_text"], row["n_behaviour"], row["nearest_text"], row["nearest_behaviour"])
