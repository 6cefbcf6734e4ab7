"""The facts of one record: what `evo show --json` prints, and the parts that other facts share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from evo.core.errors import UsageError
from evo.core.fields import fields_of, record_row
from evo.core.performance import performance
from evo.core.records import Record


def record_facts(
    record: Record,
    confirmation: Mapping[str, Any] | None = None,
    credits_: Mapping[str, Any] | None = None,
    figures: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The JSON document of `evo show --json`: everything of a record but its vectors.

    Args:
        record: the record.
        confirmation: its entry in the newest confirmation, if there is one.
        credits_: of its components, if it is a combination and they were measured.
        figures: its losses and metrics beside the best baseline's, see `figure_facts`.
    """
    score, novelty, screening = record.score, record.novelty, record.screening
    row = record_row(record)
    return {
        **finite_or_null(
            {field.name: row[field.name] for field in (*fields_of("candidate"), *fields_of(""))}
        ),
        "parents": list(record.candidate.parents),
        "reason": record.explanation,
        "screening": None if screening is None else screening._asdict(),
        "score": None
        if score is None
        else {**score_facts(record), "end": score.end.value, "trials": _trials(record)},
        "novelty": None if novelty is None else novelty._asdict(),
        **({"figures": list(figures)} if figures else {}),
        **({"diagnoses": _diagnoses(record)} if record.diagnoses else {}),
        **({} if credits_ is None else {"credits": dict(credits_)}),
        **({} if confirmation is None else {"confirmation": _verdict(confirmation)}),
    }


def score_facts(record: Record) -> dict[str, Any]:
    """Rung, win rates with intervals, margin and tasks; nulls where there is no score."""
    score = record.score
    if score is None:
        keys = ("rung", "b_wr", "b_wr_ci", "bsota_wr", "bsota_wr_ci", "margin", "margin_ci")
        return {**dict.fromkeys(keys), "tasks": {}}
    return {
        "rung": score.rung,
        "b_wr": score.b_wr.value,
        "b_wr_ci": [score.b_wr.low, score.b_wr.high],
        "bsota_wr": score.bsota_wr.value,
        "bsota_wr_ci": [score.bsota_wr.low, score.bsota_wr.high],
        "margin": score.margin.value,
        "margin_ci": [score.margin.low, score.margin.high],
        "tasks": {name: finite_or_null(task._asdict()) for name, task in score.tasks.items()},
    }


def finite_or_null(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values with null for what JSON has no number for: a lost trial's loss, a price."""
    return {
        key: None if isinstance(value, float) and not np.isfinite(value) else value
        for key, value in values.items()
    }


def find_record(records: Iterable[Record], beginning: str) -> Record:
    """The record with this beginning of its id; of repeated proposals, the furthest evaluated.

    Raises:
        UsageError: no candidate's id begins with it, or several do.
    """
    matches = [record for record in records if record.id.startswith(beginning)]
    ids = sorted({record.id for record in matches})
    if not ids:
        raise UsageError(f"No candidate's id begins with {beginning!r}. evo export lists all ids.")
    if len(ids) > 1:
        raise UsageError(
            f"{beginning!r} begins {len(ids)} ids: {', '.join(ids[:4])} … Give more characters."
        )
    return max(matches, key=lambda r: (-1 if r.score is None else r.score.rung, bool(r.graphs)))


def best_record(records: Iterable[Record]) -> Record | None:
    """The candidate of the best performance, of equals the first; None where there is none."""
    archived = (record for record in records if record.novelty and not record.is_baseline)
    return max(archived, key=performance, default=None)


def _verdict(confirmation: Mapping[str, Any]) -> dict[str, Any]:
    """A confirmation without the source and the trials, which its own file holds."""
    return {
        key: value for key, value in confirmation.items() if key not in ("id", "source", "trials")
    }


def _diagnoses(record: Record) -> list[dict[str, Any]]:
    return [finite_or_null(diagnosis._asdict()) for diagnosis in record.diagnoses]


def _trials(record: Record) -> list[dict[str, Any]]:
    return [finite_or_null(trial._asdict()) for trial in record.scored.trials]
