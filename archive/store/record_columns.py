"""Pack records into columns, and unpack them again.

`evo.core.fields` describes the columns. Nothing here may round, drop or reorder: unpacked records
equal the packed ones, bit for bit.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from archive.store.tables import (
    Columns,
    Schema,
    Slice,
    cut_lists,
    cut_table,
    cut_vectors,
    join,
    pack_lists,
    pack_table,
    pack_vectors,
    spans,
    unpack_lists,
    unpack_table,
    unpack_texts,
    unpack_vectors,
)
from evo.core.diagnosis import Diagnosis
from evo.core.estimate import Estimate
from evo.core.fields import (
    DIAGNOSIS_FIELDS,
    GRAPH_FIELDS,
    HYPOTHESIS,
    OPTIONAL_PARTS,
    PARENT_FIELDS,
    PARENTS,
    RECORD_FIELDS,
    TASK_FIELDS,
    TRIAL_FIELDS,
    CellValue,
    Field,
    record_row,
    row_part,
)
from evo.core.novelty import Novelty
from evo.core.records import Candidate, Record, Score, TaskScore
from evo.core.stages import Screening
from evo.core.trials import Trial


def _schema(fields: Iterable[Field]) -> Schema:
    return {field.name: field.cell for field in fields}


_RECORD: Schema = {
    **_schema(field for field in RECORD_FIELDS if field.name not in (PARENTS, HYPOTHESIS)),
    **{f"has_{part}": bool for part in OPTIONAL_PARTS},
}
LISTS: dict[str, Schema] = {
    "parent": _schema(PARENT_FIELDS),
    "graph": _schema(GRAPH_FIELDS),
    "trial": _schema(TRIAL_FIELDS),
    "task": _schema(TASK_FIELDS),
}
"""The tables that hold a list per record."""
SOMETIMES: dict[str, Schema] = {
    "diagnosis": _schema(DIAGNOSIS_FIELDS),
    HYPOTHESIS: {"text": str},
}
"""Those that are there only where a record has something in them.

A segment written before such a table was known has none, and so keeps its checksum.
"""
VECTORS = ("text_vector", "behaviour_vector")


def pack_records(records: Sequence[Record]) -> Columns:
    """Pack all fields of records."""
    scores = [record.score for record in records]
    lists = {
        "parent": [[(id_,) for id_ in record.candidate.parents] for record in records],
        "graph": [[(text,) for text in record.graphs] for record in records],
        "trial": [score.trials if score else () for score in scores],
        "task": [_tasks(score) for score in scores],
    }
    columns = pack_table("record", _RECORD, [_stored(record) for record in records])
    for name, rows in lists.items():
        columns |= pack_lists(name, LISTS[name], rows)
    if any(record.diagnoses for record in records):
        diagnoses = [record.diagnoses for record in records]
        columns |= pack_lists("diagnosis", SOMETIMES["diagnosis"], diagnoses)
    hypotheses = [record.candidate.hypothesis for record in records]
    if any(hypotheses):
        rows = [[(text,)] if text else [] for text in hypotheses]
        columns |= pack_lists(HYPOTHESIS, SOMETIMES[HYPOTHESIS], rows)
    return {
        **columns,
        **pack_vectors("text_vector", [record.text_vector for record in records]),
        **pack_vectors("behaviour_vector", [record.behaviour_vector for record in records]),
    }


def unpack(columns: Columns) -> list[Record]:
    """Unpack records, their trials lazily."""
    parents = _text_lists(columns, "parent", PARENT_FIELDS)
    graphs = _text_lists(columns, "graph", GRAPH_FIELDS)
    tasks = unpack_lists(columns, "task", LISTS["task"])
    text_vectors = unpack_vectors(columns, "text_vector")
    behaviour_vectors = unpack_vectors(columns, "behaviour_vector")
    diagnoses = _diagnoses(columns)
    hypotheses = hypotheses_in(columns)
    trials = spans(columns, "trial")
    records: list[Record] = []
    for i, values in enumerate(unpack_table(columns, "record", _RECORD)):
        row = {**dict(zip(_RECORD, values, strict=True)), HYPOTHESIS: hypotheses.get(i, "")}
        records.append(
            Record(
                Candidate(parents=parents[i], **row_part(row, "candidate")),
                graphs=graphs[i],
                diagnoses=diagnoses.get(i, ()),
                text_vector=text_vectors[i],
                behaviour_vector=behaviour_vectors[i],
                score=_score(row, LazyTrials(columns, *trials[i]), tasks[i])
                if row["has_score"]
                else None,
                novelty=_novelty(row) if row["has_novelty"] else None,
                screening=Screening(**row_part(row, "screening")) if row["has_screening"] else None,
                **row_part(row, ""),
            )
        )
    return records


def unpack_trials(columns: Columns, places: Sequence[int]) -> list[tuple[Trial, ...]]:
    """Unpack the trials of the records at some places alone."""
    ends = spans(columns, "trial")
    return [tuple(LazyTrials(columns, *ends[place])) for place in places]


def slice_columns(take: Slice, start: int, stop: int) -> Columns:
    """Copy the columns of records start to stop."""
    columns = cut_table(take, "record", _RECORD, start, stop)
    for name, schema in LISTS.items():
        columns |= cut_lists(take, name, schema, start, stop)
    for name, schema in SOMETIMES.items():
        table = _cut_sometimes(take, name, schema, start, stop)
        # As it was packed: a generation in which no record has any has no such table.
        if table and table[f"{name}.offsets"][-1]:
            columns |= table
    for name in VECTORS:
        columns |= cut_vectors(take, name, start, stop)
    return columns


def _cut_sometimes(take: Slice, name: str, schema: Schema, start: int, stop: int) -> Columns:
    """The lists of records start to stop; empty where there is no such table."""
    try:
        return cut_lists(take, name, schema, start, stop)
    except KeyError:
        return {}


def column_names(parts: Iterable[Iterable[str]]) -> list[str]:
    """Names of the columns that any of some segments has, in order."""
    return list(dict.fromkeys(name for part in parts for name in part))


def joined_column(
    name: str, parts: Sequence[Mapping[str, NDArray[Any]]], sizes: Sequence[int]
) -> NDArray[Any]:
    """A column of consecutive segments as one.

    Args:
        name: of the column.
        parts: columns of the segments; some may lack a table of `SOMETIMES`.
        sizes: number of records of each.
    """
    like = next(part[name] for part in parts if name in part).dtype
    pieces = [
        part[name] if name in part else _absent(name, like, size)
        for part, size in zip(parts, sizes, strict=True)
    ]
    return join(name, pieces)


def _absent(name: str, dtype: "np.dtype[Any]", records: int) -> NDArray[Any]:
    """A column of a table in which none of these records has anything."""
    if name in {f"{table}.offsets" for table in SOMETIMES}:
        return np.zeros(records + 1, dtype)
    return np.zeros(int(name.endswith(".offsets")), dtype)


def digest(columns: Columns) -> str:
    """SHA-256 of the content of columns, which does not depend on how they are stored."""
    checksum = hashlib.sha256()
    for name, column in sorted(columns.items()):
        checksum.update(f"{name} {column.dtype.str} {column.shape}\n".encode())
        checksum.update(column.tobytes())
    return checksum.hexdigest()


class LazyTrials(Sequence[Trial]):
    """The trials of a score, decoded on access: most readers of a history never look at them.

    Equal to the tuple of the same trials.

    Args:
        columns: columns of a table of trials.
        first: row of the first trial.
        last: row after the last one.
    """

    def __init__(self, columns: Columns, first: int, last: int) -> None:
        # Copied: a record that is kept must not keep its whole block in memory.
        self._columns = cut_table(
            lambda name, i, j: columns[name][i:j].copy(), "trial", LISTS["trial"], first, last
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
        return tuple(map(Trial._make, unpack_table(self._columns, "trial", LISTS["trial"])))


def _diagnoses(columns: Columns) -> dict[int, tuple[Diagnosis, ...]]:
    """The diagnoses of the records that have any, by their place."""
    if "diagnosis.offsets" not in columns:
        return {}
    rows = unpack_table(columns, "diagnosis", SOMETIMES["diagnosis"])
    return {
        place: tuple(Diagnosis(*row) for row in rows[first:last])
        for place, (first, last) in enumerate(spans(columns, "diagnosis"))
        if last > first
    }


def hypotheses_in(columns: Columns) -> dict[int, str]:
    """The hypotheses of the records that test one, by their place."""
    if f"{HYPOTHESIS}.offsets" not in columns:
        return {}
    rows = unpack_lists(columns, HYPOTHESIS, SOMETIMES[HYPOTHESIS])
    return {place: texts[0][0] for place, texts in enumerate(rows) if texts}


def _stored(record: Record) -> list[CellValue]:
    row = record_row(record)
    row |= {f"has_{part}": getattr(record, part) is not None for part in OPTIONAL_PARTS}
    return [row[name] for name in _RECORD]


def _tasks(score: Score | None) -> list[tuple[CellValue, ...]]:
    return [(name, *task) for name, task in score.tasks.items()] if score else []


def _text_lists(columns: Columns, name: str, fields: Sequence[Field]) -> list[tuple[str, ...]]:
    """Unpack the list per record of a table whose one column is text."""
    (field,) = fields
    texts = unpack_texts(columns, f"{name}.{field.name}")
    return [tuple(texts[i:j]) for i, j in spans(columns, name)]


def _score(row: dict[str, Any], trials: "LazyTrials", tasks: list[Any]) -> Score:
    return Score(
        trials=trials,
        b_wr=Estimate(**row_part(row, "score.b_wr")),
        bsota_wr=Estimate(**row_part(row, "score.bsota_wr")),
        margin=Estimate(**row_part(row, "score.margin")),
        tasks={name: TaskScore(*values) for name, *values in tasks},
        **row_part(row, "score"),
    )


def _novelty(row: dict[str, Any]) -> Novelty:
    novelty = Novelty(**row_part(row, "novelty"))
    text = novelty.text
    return novelty._replace(text=None) if text is None or math.isnan(text) else novelty
