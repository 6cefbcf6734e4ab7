"""The verdicts of a confirmation, as its file and `--json` hold them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evo.core.records import Record
from evo.core.trials import Trial
from evo.evaluation.statistics.paired_test import Comparison, Confirmation, Verdict
from evo.evaluation.statistics.win_rates import score
from evo.report.facts.record import finite_or_null, score_facts

_RATES = ("b_wr", "b_wr_ci", "bsota_wr", "bsota_wr_ci")


def verdict_facts(
    record: Record,
    confirmation: Confirmation,
    trials: Sequence[Trial],
    baselines: Mapping[str, Sequence[Trial]],
    names: Mapping[str, str],
) -> dict[str, Any]:
    """A candidate with its verdict, the figures behind it, and the trials behind those.

    Args:
        record: the candidate.
        confirmation: the outcome of its test.
        trials: of the candidate, as the test used them.
        baselines: the same trials of every baseline, by id.
        names: of the baselines, by id.
    """
    rates = score_facts(replace(record, score=score(trials, baselines)))
    return {
        "id": record.id,
        "source": record.candidate.source,
        "verdict": confirmation.verdict.value,
        "reason": "",
        "strongest_baseline": names.get(confirmation.strongest, confirmation.strongest),
        **_comparison_facts(confirmation.overall),
        "p_corrected": confirmation.p_corrected,
        **{key: rates[key] for key in _RATES},
        "tasks": {
            name: {**_comparison_facts(comparison), **rates["tasks"][name]}
            for name, comparison in confirmation.tasks.items()
        },
        "trials": _trial_facts(trials),
    }


def failed_facts(record: Record, reason: str) -> dict[str, Any]:
    """A candidate whose training gave no result: it was tested and did not pass."""
    return {
        "id": record.id,
        "source": record.candidate.source,
        "verdict": Verdict.NOT_CONFIRMED.value,
        "reason": reason,
        **dict.fromkeys(("strongest_baseline", "log_ratio", "log_ratio_ci")),
        **dict.fromkeys(("p", "p_corrected"), 1.0),
        **dict.fromkeys(_RATES),
        "tasks": {},
        "trials": [],
    }


def baseline_facts(id_: str, trials: Sequence[Trial], names: Mapping[str, str]) -> dict[str, Any]:
    """A baseline with its name and trials."""
    return {"id": id_, "name": names.get(id_, id_), "trials": _trial_facts(trials)}


def _comparison_facts(comparison: Comparison) -> dict[str, Any]:
    return {
        "log_ratio": comparison.log_ratio.value,
        "log_ratio_ci": [comparison.log_ratio.low, comparison.log_ratio.high],
        "p": comparison.p,
    }


def _trial_facts(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    return [finite_or_null(trial._asdict()) for trial in trials]
