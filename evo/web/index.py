"""Columns of a campaign's records in memory, so that pages answer at once however long it runs.

An index is extended by the generations sealed since; it is read through `Records.blocks`, without
making a record of each row.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archive.history.records import Records
from archive.store.tables import Columns, Schema, unpack_lists, unpack_table
from evo.core.arrays import Floats
from evo.core.fields import PARENT_FIELDS, fields_of
from evo.core.records import ABLATION_OPERATOR, BASELINE_OPERATOR, Status
from evo.core.stages import TrainingEnd
from evo.web.means import Means, means_of

TEXTS = (
    *("id", "status", "stage", "reason", "operator", "source", "model", "rationale"),
    *("training_end", "nearest_text", "nearest_behaviour", "request"),
)
STORED = (
    *("generation", "rung", "b_wr", "b_wr_low", "b_wr_high", "bsota_wr", "bsota_wr_low"),
    *("bsota_wr_high", "margin", "margin_low", "margin_high", "n_text", "n_behaviour"),
    *("seconds", "cost_usd"),
)
"""Numbers that a record has as columns of its own."""
NUMBERS = (*STORED, *Means._fields)
_PARTS = ("", "candidate", "score", "score.b_wr", "score.bsota_wr", "score.margin", "novelty")
_CELLS = {field.name: field.cell for part in _PARTS for field in fields_of(part)}
_SCHEMA: Schema = {
    **{name: _CELLS[name] for name in (*TEXTS, *STORED)},
    "has_score": bool,
    "has_novelty": bool,
}
_PARENTS: Schema = {field.name: field.cell for field in PARENT_FIELDS}


class Index:
    """The columns of some records, in the order of history; frozen, extended into a new one.

    Attributes:
        texts: texts by column, one per record.
        numbers: numbers by column, (n,) float64; NaN where there is none.
        parents: ids of the parents per record.
        scored: True where a record has a score: (n,).
        archived: True where it has N-scores: (n,).
    """

    def __init__(
        self,
        texts: dict[str, list[str]] | None = None,
        numbers: dict[str, Floats] | None = None,
        parents: list[tuple[str, ...]] | None = None,
        *,
        scored: NDArray[np.bool_] | None = None,
        archived: NDArray[np.bool_] | None = None,
    ) -> None:
        nothing = np.zeros(0, dtype=np.bool_)
        self.texts = texts or {name: [] for name in TEXTS}
        self.numbers = numbers or {name: np.zeros(0) for name in NUMBERS}
        self.parents = parents or []
        self.scored = nothing if scored is None else scored
        self.archived = nothing if archived is None else archived

    def __len__(self) -> int:
        return len(self.parents)

    def extended(self, records: Records) -> "Index":
        """The index of these records, of which the first are those of this index."""
        blocks = list(records.blocks(len(self)))
        if not blocks:
            return self
        tables = [_table(block) for block in blocks]
        texts = {
            name: self.texts[name] + [text for table in tables for text in table[name]]
            for name in TEXTS
        }
        numbers = {
            name: np.concatenate([self.numbers[name], *(np.array(t[name], float) for t in tables)])
            for name in NUMBERS
        }
        parents = self.parents + [ids for block in blocks for ids in _parents(block)]
        masks = {
            name: np.concatenate([before, *(np.array(t[name], dtype=np.bool_) for t in tables)])
            for name, before in (("has_score", self.scored), ("has_novelty", self.archived))
        }
        return Index(
            texts, numbers, parents, scored=masks["has_score"], archived=masks["has_novelty"]
        )

    @cached_property
    def proposed(self) -> NDArray[np.bool_]:
        """True for candidates that the search proposed: (n,)."""
        others = (BASELINE_OPERATOR, ABLATION_OPERATOR)
        return np.array([name not in others for name in self.texts["operator"]], dtype=np.bool_)

    @cached_property
    def baseline(self) -> NDArray[np.bool_]:
        """True for the known components: (n,)."""
        return np.array([n == BASELINE_OPERATOR for n in self.texts["operator"]], dtype=np.bool_)

    @cached_property
    def top_rung(self) -> int:
        """The highest rung that a proposal reached; -1 without any."""
        rungs = self.numbers["rung"][self.proposed & self.scored]
        return int(rungs.max(initial=-1))

    @cached_property
    def full(self) -> NDArray[np.bool_]:
        """True for archived proposals at the highest rung that any reached: (n,)."""
        at_top = self.numbers["rung"] == self.top_rung
        return self.proposed & self.scored & self.archived & at_top

    @cached_property
    def remeasured(self) -> NDArray[np.bool_]:
        """True for candidates that were measured again on fresh seeds: (n,)."""
        ends = self.texts["training_end"]
        again = np.array([end == TrainingEnd.REMEASURED for end in ends], dtype=np.bool_)
        return again & self.scored & self.proposed

    @cached_property
    def places(self) -> dict[str, int]:
        """Place of each id; of repeated proposals that which was evaluated furthest."""
        order = np.argsort(np.where(self.scored, self.numbers["rung"], -1), kind="stable")
        return {self.texts["id"][place]: int(place) for place in order}

    @cached_property
    def children(self) -> dict[str, list[int]]:
        """Places of the archived children of each id."""
        children: dict[str, list[int]] = {}
        for place in np.flatnonzero(self.archived & self.proposed):
            for parent in dict.fromkeys(self.parents[place]):
                children.setdefault(parent, []).append(int(place))
        return children

    @cached_property
    def searchable(self) -> list[str]:
        """Lower-case text per record that a full-text search looks in."""
        columns = zip(
            *(self.texts[name] for name in ("id", "source", "rationale", "reason", "model")),
            strict=True,
        )
        return ["\n".join(texts).lower() for texts in columns]

    @cached_property
    def statuses(self) -> NDArray[np.str_]:
        """Status of each record: (n,)."""
        return np.array(self.texts["status"], dtype=np.str_)

    @cached_property
    def best(self) -> int | None:
        """Place of the proposal of the best performance, by rung, then margin."""
        places = np.flatnonzero(self.full)
        if not len(places):
            return None
        return int(places[np.argmax(self.numbers["margin"][places])])

    def counts(self) -> dict[Status, int]:
        """Number of proposals by status."""
        here = self.proposed & (self.numbers["generation"] > 0)
        names, counts = np.unique(self.statuses[here], return_counts=True)
        by_name = {str(name): int(count) for name, count in zip(names, counts, strict=True)}
        return {status: by_name.get(status.value, 0) for status in Status}

    def distinct(self, column: str) -> list[str]:
        """The different texts of a column of proposals, sorted; without the empty one."""
        return sorted({text for text in self.texts[column] if text})


def _table(block: Columns) -> dict[str, Any]:
    rows: Sequence[tuple[Any, ...]] = unpack_table(block, "record", _SCHEMA)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(_SCHEMA)
    return dict(zip(_SCHEMA, columns, strict=True)) | means_of(block)._asdict()


def _parents(block: Columns) -> list[tuple[str, ...]]:
    return [tuple(id_ for (id_,) in ids) for ids in unpack_lists(block, "parent", _PARENTS)]
