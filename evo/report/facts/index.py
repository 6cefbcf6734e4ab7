"""Columns of a campaign's records in memory, so that facts and pages of a long one come at once.

An index is extended by the generations sealed since. It holds some 300 bytes per record: numbers,
ids, and texts of which many are equal; sources, reasons and rationales are read from disk.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archive.history.in_memory import as_history
from archive.history.records import Records
from archive.store.record_columns import LISTS
from archive.store.tables import Columns, Schema, pack_lists
from evo.core.arrays import Floats
from evo.core.fields import PARENT_FIELDS, fields_of
from evo.core.performance import LEAST_B_WR, RUNG_GAP
from evo.core.records import ABLATION_OPERATOR, BASELINE_OPERATOR, Record, Status
from evo.core.stages import TrainingEnd
from evo.report.facts.columns import (
    Coded,
    IdLists,
    Ids,
    RecordPlaces,
    Stored,
    codes_of,
    column_cells,
)
from evo.report.facts.means import Means, means_of
from evo.report.facts.text_search import matching

CODED = (
    *("status", "stage", "operator", "model", "idea_model", "training_end"),
    *("screening", "screening_why"),
)
"""Texts of which many are equal."""
STORED = ("source", "rationale", "reason")
"""Texts that stay on disk."""
NUMBERS = (
    *("generation", "rung", "b_wr", "b_wr_low", "b_wr_high", "bsota_wr", "bsota_wr_low"),
    *("bsota_wr_high", "margin", "margin_low", "margin_high", "n_text", "n_behaviour"),
    *("seconds", "cost_usd", "idea_cost_usd"),
)
_MASKS = ("has_score", "has_novelty")
_PARTS = ("", "candidate", "score", "score.b_wr", "score.bsota_wr", "score.margin", "novelty")
_CELLS = {field.name: field.cell for part in (*_PARTS, "screening") for field in fields_of(part)}
_SCHEMA: Schema = {
    **{name: _CELLS[name] for name in ("id", *CODED, *NUMBERS)},
    **dict.fromkeys(_MASKS, bool),
}
_LISTS: Mapping[str, Schema] = {"parent": {field.name: field.cell for field in PARENT_FIELDS}}


class _Columns(NamedTuple):
    """Columns of some records, as an index holds them."""

    ids: NDArray[Any]
    codes: Mapping[str, NDArray[np.int32]]
    numbers: Mapping[str, Floats]
    masks: Mapping[str, NDArray[np.bool_]]
    parents: NDArray[Any]
    parent_counts: NDArray[np.int64]


class Index:
    """The columns of some records, in the order of history; frozen, extended into a new one.

    Attributes:
        ids: one per record.
        texts: texts by column, ids among them, one per record.
        numbers: numbers by column, (n,) float64; NaN where there is none.
        parents: ids of the parents per record.
        scored: True where a record has a score: (n,).
        archived: True where it has N-scores: (n,).
    """

    def __init__(
        self,
        records: Records | None = None,
        columns: _Columns | None = None,
        values: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._records = as_history([]) if records is None else records
        self._columns = columns
        self._values = dict.fromkeys(CODED, ()) if values is None else values
        known = _NOTHING if columns is None else columns
        self._coded = {name: Coded(known.codes[name], self._values[name]) for name in CODED}
        self.ids = Ids(known.ids)
        size = len(known.ids)
        self._stored = {name: Stored(self._records, name, size) for name in STORED}
        self.texts: Mapping[str, Coded | Ids | Stored] = {
            "id": self.ids,
            **self._coded,
            **self._stored,
        }
        self.numbers = known.numbers
        offsets = np.concatenate([[0], np.cumsum(known.parent_counts)])
        self.parents = IdLists(Ids(known.parents), offsets.astype(np.int64))
        self.scored, self.archived = (known.masks[name] for name in _MASKS)
        self._means = Means(np.zeros(0), np.zeros(0))
        self._matches: dict[str, NDArray[np.bool_]] = {}

    @classmethod
    def of(cls, records: Sequence[Record]) -> "Index":
        """The index of records, be they on disk or in memory."""
        return cls().extended(as_history(records))

    def __len__(self) -> int:
        return len(self.scored)

    def extended(self, records: Records) -> "Index":
        """The index of these records, of which the first are those of this index."""
        if len(records) == len(self):
            return self
        known = {
            name: {text.encode("utf-8", "surrogatepass"): i for i, text in enumerate(values)}
            for name, values in self._values.items()
        }
        tables = records.tables(_SCHEMA, _LISTS, start=len(self))
        parts = [] if self._columns is None else [self._columns]
        parts += [_compact(table, known) for table in tables]
        values = {
            name: [text.decode("utf-8", "surrogatepass") for text in texts]
            for name, texts in known.items()
        }
        longer = Index(records, _joined(parts), values)
        longer._means = self._means
        return longer

    def coded(self, name: str) -> Coded:
        """A column of texts of which many are equal."""
        return self._coded[name]

    def stored(self, name: str) -> Stored:
        """A column of texts that is read from disk."""
        return self._stored[name]

    @cached_property
    def means(self) -> Means:
        """Mean loss and metric of each record: (n,) each; reads trials not read before."""
        blocks = self._records.blocks(len(self._means.loss), len(self))
        parts = [self._means, *(means_of(block) for block in blocks)]
        self._means = Means(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
        return self._means

    def means_at(self, places: Sequence[int]) -> Means:
        """Mean loss and metric of the records at some places, of which alone trials are read."""
        trials = self._records.trials(places)
        return means_of(pack_lists("trial", LISTS["trial"], trials))

    def measures(self, name: str) -> Floats:
        """A column of numbers, or one of `Means`: (n,)."""
        return getattr(self.means, name) if name in Means._fields else self.numbers[name]

    @cached_property
    def proposed(self) -> NDArray[np.bool_]:
        """True for candidates that the search proposed: (n,)."""
        return ~self.coded("operator").among(BASELINE_OPERATOR, ABLATION_OPERATOR)

    @cached_property
    def inherited(self) -> NDArray[np.bool_]:
        """True for proposals that the campaign began with: (n,)."""
        return self.proposed & (self.numbers["generation"] == 0)

    @cached_property
    def proposed_here(self) -> NDArray[np.bool_]:
        """True for proposals of the campaign itself: (n,)."""
        return self.proposed & ~self.inherited

    @cached_property
    def has_merit(self) -> NDArray[np.bool_]:
        """True where a record wins against the median baseline: (n,)."""
        return self.scored & (self.numbers["b_wr"] >= LEAST_B_WR)

    @cached_property
    def baseline(self) -> NDArray[np.bool_]:
        """True for the known components: (n,)."""
        return self.coded("operator").among(BASELINE_OPERATOR)

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
        again = self.coded("training_end").among(TrainingEnd.REMEASURED)
        return again & self.scored & self.proposed

    @cached_property
    def places(self) -> "RecordPlaces":
        """Place of each id; of repeated proposals that which was evaluated furthest."""
        return RecordPlaces(self.ids, np.where(self.scored, self.numbers["rung"], -1))

    def children(self, id_: str) -> list[int]:
        """Places of the archived children of an id."""
        places = self.parents.holders(id_)
        return places[(self.archived & self.proposed)[places]].tolist()

    def having(self, word: str) -> NDArray[np.bool_]:
        """(n,) True for records with a word in id, source, rationale, reason or model.

        Args:
            word: in lower case.
        """
        if word not in self._matches:
            self._matches[word] = matching(self._records, word, len(self))
        return self._matches[word]

    @cached_property
    def best(self) -> int | None:
        """Place of the proposal of the best performance, by rung, then margin."""
        places = np.flatnonzero(self.full)
        if not len(places):
            return None
        return int(places[np.argmax(self.numbers["margin"][places])])

    @cached_property
    def leader(self) -> int | None:
        """Place of the proposal of the best performance in the archive, of equals the first."""
        places = np.flatnonzero(self.proposed & self.archived)
        if not len(places):
            return None
        rungs, margins = (self.numbers[name][places] for name in ("rung", "margin"))
        return int(places[np.argmax(RUNG_GAP * rungs + margins)])

    @property
    def generation(self) -> int:
        """Number of the last generation; -1 without any."""
        return int(self.numbers["generation"][-1]) if len(self) else -1

    def counts(self) -> dict[Status, int]:
        """Number of proposals by status, without those that the campaign began with."""
        here = self.proposed_here
        status = self.coded("status")
        sizes = np.bincount(status.codes[here], minlength=len(status.values)).tolist()
        by_name = dict(zip(status.values, sizes, strict=True))
        return {status: by_name.get(status.value, 0) for status in Status}

    def stretch(self, generation: int) -> slice:
        """Places of the records of a generation, which lie side by side."""
        first, last = np.searchsorted(self.numbers["generation"], [generation, generation + 1])
        return slice(int(first), int(last))


_NOTHING = _Columns(
    np.zeros(0, dtype=np.bytes_),
    {name: np.zeros(0, dtype=np.int32) for name in CODED},
    {name: np.zeros(0) for name in NUMBERS},
    {name: np.zeros(0, dtype=np.bool_) for name in _MASKS},
    np.zeros(0, dtype=np.bytes_),
    np.zeros(0, dtype=np.int64),
)


def _compact(table: Columns, known: Mapping[str, dict[bytes, int]]) -> _Columns:
    """Columns of the records of a table, as an index holds them.

    Args:
        table: their columns.
        known: numbers of the texts by column; they grow.
    """
    return _Columns(
        column_cells(table, "record.id"),
        {name: codes_of(table, f"record.{name}", known[name]) for name in CODED},
        {name: table[f"record.{name}"].astype(float) for name in NUMBERS},
        {name: table[f"record.{name}"] for name in _MASKS},
        column_cells(table, "parent.id"),
        np.diff(table["parent.offsets"]),
    )


def _joined(parts: Sequence[_Columns]) -> _Columns:
    """The columns of consecutive records as one."""

    def tables(all_: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
        return {name: np.concatenate([part[name] for part in all_]) for name in all_[0]}

    ids, codes, numbers, masks, parents, counts = zip(*parts, strict=True)
    return _Columns(
        np.concatenate(ids),
        tables(codes),
        tables(numbers),
        tables(masks),
        np.concatenate(parents),
        np.concatenate(counts),
    )
