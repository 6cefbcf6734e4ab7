"""Loss and metric of a candidate and of the best baseline, by task: for JSON and tables."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from evo.core.estimate import Estimate
from evo.core.records import Candidate, Record
from evo.core.trials import Trial
from evo.evaluation.statistics.figures import Figures, TaskFigures, figures
from evo.evaluation.statistics.trial_values import trials_of_baselines
from evo.report.facts.record import finite_or_null

_BASELINES = Path(__file__).parents[2] / "components" / "baselines"

TrialsOfBaselines = Mapping[str, Sequence[Trial]]


def trials_of_first(records: Iterable[Record]) -> dict[str, tuple[Trial, ...]]:
    """The same of the baselines that a history begins with, without reading on."""
    return trials_of_baselines(takewhile(lambda record: record.is_baseline, records))


def names_of_shipped(kind: str) -> dict[str, str]:
    """Names of the baselines that come with evo, by id, without importing torch.

    Those of plug-ins and of configurations have none here.
    """
    return {
        Candidate.of(kind, path.read_text(encoding="utf-8-sig"), operator="baseline").id: path.stem
        for path in sorted((_BASELINES / kind.replace("-", "_")).glob("[!.]*.py"))
    }


def figure_facts(
    record: Record, baselines: TrialsOfBaselines, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """One entry per task: loss and metric of a record and of the best baseline there.

    Args:
        record: evaluated; without a score there are no entries.
        baselines: their trials by id.
        names: of baselines, by id; others are shown by their ids.
    """
    if record.score is None:
        return []
    return trial_facts(record.id, tuple(record.score.trials), baselines, names)


def trial_facts(
    id_: str, trials: Sequence[Trial], baselines: TrialsOfBaselines, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The same of a candidate of which the trials are known, not the record."""
    return [_facts(one, names) for one in figures(id_, trials, baselines)]


def figures_among(record: Record, records: Iterable[Record], kind: str) -> list[dict[str, Any]]:
    """`figure_facts` of a record among all of its campaign, whose kind is given by name."""
    return figure_facts(record, trials_of_baselines(records), names_of_shipped(kind))


def figure_words(facts: Mapping[str, Any]) -> str:
    """An entry in words, for tables and lines.

    >>> figure_words({"loss": 0.5, "loss_ci": [0.4, 0.6], "metric": 0.9, "metric_ci": [None, None],
    ...     "lost": 1, "trials": 4, "baseline": None})
    'loss 0.5 [0.4, 0.6], metric 0.9; 1 of 4 trials lost'
    """
    words = f"loss {figure_interval(facts, 'loss')}, metric {figure_interval(facts, 'metric')}"
    if (best := facts["baseline"]) is not None:
        words += f"; best baseline {best['name']}: loss {figure_interval(best, 'loss')}"
        words += f", metric {figure_interval(best, 'metric')}"
    if facts["lost"]:
        words += f"; {facts['lost']} of {facts['trials']} trials lost"
    return words


def figure_interval(facts: Mapping[str, Any], name: str) -> str:
    """A loss or metric with its interval, as far as it has one.

    >>> figure_interval({"loss": 0.51234, "loss_ci": [0.4, 0.6]}, "loss")
    '0.5123 [0.4, 0.6]'
    """
    value, (low, high) = facts[name], facts[f"{name}_ci"]
    if value is None:
        return "none"
    return f"{value:.4g}" if low is None else f"{value:.4g} [{low:.3g}, {high:.3g}]"


def _facts(one: TaskFigures, names: Mapping[str, str]) -> dict[str, Any]:
    baseline = one.baseline
    return {
        "task": one.task,
        "trials": one.trials,
        **_of(one.candidate),
        "baseline": None
        if baseline is None
        else {"id": baseline.id, "name": names.get(baseline.id, baseline.id[:8]), **_of(baseline)},
    }


def _of(one: Figures) -> dict[str, Any]:
    values = {"loss": one.loss.value, "metric": one.metric.value, "lost": one.lost}
    return {
        **finite_or_null(values),
        "loss_ci": _ends(one.loss),
        "metric_ci": _ends(one.metric),
    }


def _ends(estimate: Estimate) -> list[float | None]:
    return [float(end) if np.isfinite(end) else None for end in (estimate.low, estimate.high)]
