from dataclasses import fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import get_args, get_type_hints

import pytest
from support import archive_samples as samples

from evo.core.diagnosis import Diagnosis
from evo.core.fields import (
    DIAGNOSIS_FIELDS,
    RECORD_FIELDS,
    TASK_FIELDS,
    TRIAL_FIELDS,
    record_row,
    row_part,
)
from evo.core.records import Record, TaskScore
from evo.core.stages import Screening, ScreeningState
from evo.core.trials import Trial

NAMES = [field.name for field in RECORD_FIELDS]
LISTS = {
    *("graphs", "score.trials", "score.tasks", "diagnoses"),
    *("text_vector", "behaviour_vector"),
}
"""Parts of a record that a row has no room for: segments keep them in tables of their own."""


def paths(cls: type, before: str = "") -> set[str]:
    """Every attribute of a record that is no record part itself."""
    hints = get_type_hints(cls)
    names = [field.name for field in fields(cls)] if is_dataclass(cls) else list(cls._fields)
    found: set[str] = set()
    for name in names:
        hint = hints[name]
        inner = next((t for t in get_args(hint) if t is not type(None)), hint)
        inner = inner if isinstance(hint, UnionType) else hint
        is_part = is_dataclass(inner) or (isinstance(inner, type) and hasattr(inner, "_fields"))
        found |= paths(inner, f"{before}{name}.") if is_part else {f"{before}{name}"}
    return found


def test_every_attribute_of_a_record_is_described_once() -> None:
    described = [field.path for field in RECORD_FIELDS]

    assert len(described) == len(set(described)) == len(set(NAMES))
    assert set(described) | LISTS == paths(Record)
    assert all(field.description for field in RECORD_FIELDS)


@pytest.mark.parametrize(
    ("table", "of"),
    [(TRIAL_FIELDS, Trial), (TASK_FIELDS[1:], TaskScore), (DIAGNOSIS_FIELDS, Diagnosis)],
)
def test_every_field_of_a_list_is_described_in_its_order_with_its_type(table, of) -> None:
    assert {field.name: field.type for field in table} == get_type_hints(of)
    assert tuple(field.name for field in table) == of._fields


def test_a_row_has_the_described_fields_in_order() -> None:
    assert list(record_row(samples.record(3))) == NAMES


def test_what_is_unknown_is_none_in_a_row() -> None:
    row = record_row(samples.refused(3))

    unknown = {name for name, value in row.items() if value is None}
    assert unknown == set(NAMES) - {
        *("id", "kind", "generation", "status", "stage", "reason", "member"),
        *("operator", "step", "parents", "source", "seconds"),
        *("model", "request", "rationale", "cost_usd", "idea_model", "idea_cost_usd"),
        *("wording", "new_wording", "hypothesis"),
    }


def test_cells_are_plain_values_of_the_described_types() -> None:
    row = record_row(samples.screened(3))

    for field in RECORD_FIELDS:
        cell = row[field.name]
        assert cell is None or (type(cell) is field.cell and not isinstance(cell, Enum))


def test_a_part_comes_back_from_a_row_with_its_enums() -> None:
    record = samples.screened(3)

    screening = Screening(**row_part(record_row(record), "screening"))

    assert screening == record.screening
    assert isinstance(screening.state, ScreeningState)
