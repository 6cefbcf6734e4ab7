"""The fields of records as columns of flat tables, described once.

Segments, exports, `campaign.h5`, pools and `evo show` take names, types and descriptions from here.
A new field of a record is one more line here; the tests fail without it.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from evo.core.records import Record, Status
from evo.core.stages import ScreeningState, Stage, TrainingEnd

CellValue = str | int | float | bool | None
ColumnType = type[str] | type[int] | type[float] | type[bool]


class Field(NamedTuple):
    """One column.

    Attributes:
        name: name of the column.
        type: type of its cells; those of an enum hold its values.
        description: its content in a few words.
        path: attributes that lead from a record to it; empty in tables other than that of records.
    """

    name: str
    type: type[str | int | float]
    description: str
    path: str = ""

    @property
    def cell(self) -> ColumnType:
        """Type of its cells, str for enums."""
        return str if issubclass(self.type, str) else self.type

    @property
    def part(self) -> str:
        """Path from the record to the object with the attribute; empty for the record itself."""
        return self.path.rpartition(".")[0]

    @property
    def attribute(self) -> str:
        """Name of the attribute of that object."""
        return self.path.rpartition(".")[2]


def _estimate(name: str, path: str, description: str) -> tuple[Field, ...]:
    return (
        Field(name, float, description, f"{path}.value"),
        Field(f"{name}_low", float, "lower end of its 95 % interval", f"{path}.low"),
        Field(f"{name}_high", float, "upper end of its 95 % interval", f"{path}.high"),
    )


PARENTS = "parents"
"""The one column that holds several values, separated by spaces."""
HYPOTHESIS = "hypothesis"
"""A column that few records have anything in."""

RECORD_FIELDS = (
    Field("id", str, "hash of kind and normalised source", "candidate.id"),
    Field("kind", str, "what is evolved", "candidate.kind"),
    Field("generation", int, "0 holds the baselines", "generation"),
    Field("status", Status, "DUPLICATE, INVALID, SCREENED_OUT, FAILED or EVALUATED", "status"),
    Field("stage", Stage, "step that settled the status", "stage"),
    Field("reason", str, "why it got this status, in words", "reason"),
    Field("member", str, "kind in a combination that the reason is about; else empty", "member"),
    Field(
        "operator",
        str,
        "operator that proposed it; baseline and ablation mark records that are no proposals",
        "candidate.operator",
    ),
    Field("step", int, "index of the operator's step size, or -1", "candidate.step"),
    Field(PARENTS, str, "ids of the parents, separated by spaces", "candidate.parents"),
    Field("source", str, "source code", "candidate.source"),
    Field("rung", int, "highest rung reached, 0 the shortest; -1 without a score", "score.rung"),
    *_estimate("b_wr", "score.b_wr", "chance to beat a randomly drawn baseline, in [0, 1]"),
    *_estimate("bsota_wr", "score.bsota_wr", "chance to beat the best baseline, in [0, 1]"),
    *_estimate("margin", "score.margin", "mean over trials of log(best baseline's loss / own)"),
    Field("training_end", TrainingEnd, "complete, remeasured, outraced or failed", "score.end"),
    Field("n_text", float, "1 - largest cosine of source embeddings, or NaN", "novelty.text"),
    Field("n_behaviour", float, "RMS distance to the nearest component", "novelty.behaviour"),
    Field("nearest_text", str, "id of the nearest by text", "novelty.nearest_text"),
    Field("nearest_behaviour", str, "id of the nearest by behaviour", "novelty.nearest_behaviour"),
    Field(
        "screening", ScreeningState, "state of the reward model that left it out", "screening.state"
    ),
    Field("screening_why", str, "why the reward model stood aside", "screening.why"),
    Field("seconds", float, "processor time that its evaluation cost", "seconds"),
    Field("model", str, "language model that wrote it; empty if none", "candidate.model"),
    Field("request", str, "key of the request that it answers", "candidate.request"),
    Field("rationale", str, "why it should be good, in the model's words", "candidate.rationale"),
    Field(
        "idea_model", str, "model that had the idea, if another wrote it", "candidate.idea_model"
    ),
    Field("wording", str, "wording of the task; empty if the standard", "candidate.wording"),
    Field("new_wording", str, "wording that its model proposed", "candidate.new_wording"),
    Field(
        HYPOTHESIS, str, "hypothesis that it tests, in words; empty if none", "candidate.hypothesis"
    ),
    Field("cost_usd", float, "price of its requests in dollars; NaN if unknown", "cost_usd"),
    Field(
        "idea_cost_usd", float, "part of cost_usd that another model's idea cost", "idea_cost_usd"
    ),
)
"""The columns of the table of records, in order. Exports use these names, so they are stable."""

TRIAL_FIELDS = (
    Field("rung", int, "rung that it was run at"),
    Field("task", str, "name of the task"),
    Field("network", str, "name of the network"),
    Field("seed", int, "seed of weights, order and split"),
    Field("learning_rate", float, "picked for the candidate and network on validation data"),
    Field("loss", float, "test loss; inf where training diverged"),
    Field("accuracy", float, "share of test samples classified rightly, in [0, 1]"),
    Field("strength", float, "multiplier of a penalty, picked with the learning rate; else 1"),
)
TASK_FIELDS = (
    Field("name", str, "name of the task"),
    Field("b_wr", float, "B-WR on this task alone, in [0, 1]"),
    Field("bsota_wr", float, "BSOTA-WR on this task alone, in [0, 1]"),
    Field("loss", float, "mean test loss"),
)
DIAGNOSIS_FIELDS = (
    Field("task", str, "name of the task"),
    Field("network", str, "name of the network"),
    Field("diverged", float, "share of copies, at all learning rates tried, that diverged"),
    Field("stable_rate", float, "largest learning rate at which none diverged; 0 if none"),
    Field("early_loss", float, "mean training loss of the first epoch"),
    Field("late_loss", float, "mean training loss of the last epoch"),
    Field("first_input_start", float, "RMS input of the first activation before training; -1 none"),
    Field("last_input_start", float, "RMS input of the last activation before training"),
    Field("signal_gain", float, "RMS output, last activation over first, before training"),
    Field("gradient_gain", float, "RMS gradient, first activation over last, before training"),
    Field("first_input_end", float, "RMS input of the first activation after training"),
    Field("last_input_end", float, "RMS input of the last activation after training"),
    Field("flat", float, "share of activated numbers at a slope below 0.01, after training"),
    Field("dead", float, "share of units that are flat on every sample looked at"),
)
PARENT_FIELDS = (Field("id", str, "id of the parent"),)
GRAPH_FIELDS = (Field("text", str, "traced graph as JSON, one row per kind of a combination"),)

OPTIONAL_PARTS = ("score", "novelty", "screening")
"""Parts of a record that may be None. Segments have a column `has_…` for each."""


def fields_of(part: str) -> tuple[Field, ...]:
    """Fields of a part of a record, such as "score"; of the record itself for ""."""
    return tuple(field for field in RECORD_FIELDS if field.part == part)


def record_row(record: Record) -> dict[str, CellValue]:
    """A record as one row with the columns of `RECORD_FIELDS`; None for unknown values."""
    row: dict[str, CellValue] = {**dict(_cells(_ALWAYS, record)), PARENTS: None}
    row[PARENTS] = " ".join(record.candidate.parents)
    for part in OPTIONAL_PARTS:
        value = getattr(record, part)
        row |= _cells(_PARTS[part], value) if value is not None else _NOTHING[part]
    return {field.name: row[field.name] for field in RECORD_FIELDS}


def row_part(row: Mapping[str, Any], part: str) -> dict[str, Any]:
    """The attributes of a part of a record by name, from a row; the inverse of `record_row`."""
    attributes, read, enums = _ATTRIBUTES[part]
    values = dict(zip(attributes, read(row), strict=True))
    for attribute, members in enums:
        values[attribute] = members[values[attribute]]
    return values


class _Columns(NamedTuple):
    """Columns of one part of a record, a reader of all their cells, and those that hold enums."""

    names: tuple[str, ...]
    read: Callable[[object], tuple[Any, ...]]
    enums: tuple[str, ...]


class _Attributes(NamedTuple):
    """Attributes of one part of a record, a reader of all of them from a row, and its enums."""

    names: tuple[str, ...]
    read: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    enums: tuple[tuple[str, Mapping[str, StrEnum]], ...]


def _columns(fields: Iterable[Field], *, within: str = "") -> _Columns:
    columns = [field for field in fields if field.name != PARENTS]
    paths = [field.path.removeprefix(within) for field in columns]
    enums = tuple(field.name for field in columns if issubclass(field.type, StrEnum))
    return _Columns(tuple(field.name for field in columns), attrgetter(*paths), enums)


def _attributes(part: str) -> _Attributes:
    fields = [field for field in fields_of(part) if field.name != PARENTS]
    # A dictionary finds a member five times as fast as the enum does.
    enums = [
        (field.attribute, {str(member): member for member in field.type})
        for field in fields
        if issubclass(field.type, StrEnum)
    ]
    names = tuple(field.attribute for field in fields)
    return _Attributes(names, itemgetter(*(field.name for field in fields)), tuple(enums))


def _cells(columns: _Columns, value: object) -> dict[str, CellValue]:
    cells: dict[str, CellValue] = dict(zip(columns.names, columns.read(value), strict=True))
    for name in columns.enums:
        cells[name] = str(cells[name])
    return cells


def _is_in(field: Field, part: str) -> bool:
    return field.path.startswith(f"{part}.")


_PARTS = {
    part: _columns([f for f in RECORD_FIELDS if _is_in(f, part)], within=f"{part}.")
    for part in OPTIONAL_PARTS
}
_NOTHING: dict[str, dict[str, CellValue]] = {
    part: dict.fromkeys(columns.names) for part, columns in _PARTS.items()
}
_ALWAYS = _columns(
    [f for f in RECORD_FIELDS if not any(_is_in(f, part) for part in OPTIONAL_PARTS)]
)
_ATTRIBUTES = {part: _attributes(part) for part in {field.part for field in RECORD_FIELDS}}
