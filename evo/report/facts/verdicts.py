"""Verdicts of a confirmation: as facts for its file and `--json`, and as a table for people."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evo.core.estimate import Estimate
from evo.core.records import Record, Trial
from evo.evaluation.statistics.paired_test import Comparison, Confirmation, Verdict
from evo.evaluation.statistics.win_rates import score
from evo.report.facts.summary import finite, score_facts
from evo.report.views.tables import interval_text

_RATES = ("b_wr", "b_wr_ci", "bsota_wr", "bsota_wr_ci")


def verdict_facts(
    record: Record,
    found: Confirmation,
    trials: Sequence[Trial],
    baselines: Mapping[str, Sequence[Trial]],
    names: Mapping[str, str],
) -> dict[str, Any]:
    """A candidate with its verdict, the figures behind it, and the trials behind those.

    Args:
        record: the candidate.
        found: what its confirmation found.
        trials: what it was confirmed by.
        baselines: the same trials of every baseline, by id.
        names: of the baselines, by id.
    """
    rates = score_facts(replace(record, score=score(trials, baselines)))
    return {
        "id": record.id,
        "source": record.candidate.source,
        "verdict": found.verdict.value,
        "reason": "",
        "strongest_baseline": names.get(found.strongest, found.strongest),
        **_comparison_facts(found.overall),
        "p_corrected": found.p_corrected,
        **{key: rates[key] for key in _RATES},
        "tasks": {
            name: {**_comparison_facts(comparison), **rates["tasks"][name]}
            for name, comparison in found.tasks.items()
        },
        "trials": _trial_facts(trials),
    }


def failed_facts(record: Record, reason: str) -> dict[str, Any]:
    """A candidate whose training gave no result: it was tested, and did not pass."""
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
    """A baseline with its trials."""
    return {"id": id_, "name": names.get(id_, id_), "trials": _trial_facts(trials)}


def verdict_table(facts: Mapping[str, Any]) -> RenderableType:
    """A row a candidate, within 80 columns; what the marks mean stands beneath."""
    rung = facts["protocol"]["rungs"][0]
    table = Table(
        title=f"Confirmation: {rung['epochs']} epochs, {rung['seeds']} fresh seeds",
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 1, 1, 0),
    )
    table.add_column("candidate\nverdict", no_wrap=True)
    table.add_column("strongest baseline\nlog-ratio to it", no_wrap=True)
    table.add_column("\np", justify="right", no_wrap=True)
    table.add_column("B-WR\nBSOTA-WR", no_wrap=True)
    table.add_column("task by task", overflow="fold")
    for entry in facts["candidates"]:
        table.add_row(*_row(entry, facts["searched"]))
    return Group(table, Text(_LEGEND))


_LEGEND = """\

log-ratio: mean of log(baseline's loss / own loss), above 0 for the better one.
p: one-sided, corrected for all candidates above (Holm); confirmed below 0.05.
Tasks: + better, - worse, ~ undecided, each by itself; * the search used it.
[ ]: 95 % intervals over these trials, which did not choose the candidates."""


def _row(entry: Mapping[str, Any], searched: Sequence[str]) -> tuple[Text, ...]:
    verdict = Text(f"{entry['id'][:8]}\n")
    is_confirmed = entry["verdict"] == Verdict.CONFIRMED.value
    verdict.append(entry["verdict"], style="green" if is_confirmed else "dim")
    if entry["reason"]:
        return verdict, Text("–"), Text("–"), Text("–"), Text(entry["reason"])
    low, high = entry["log_ratio_ci"]
    rates = [
        interval_text(Estimate(entry[key], *entry[f"{key}_ci"])) for key in ("b_wr", "bsota_wr")
    ]
    return (
        verdict,
        Text(f"{entry['strongest_baseline']}\n{entry['log_ratio']:+.3f} [{low:+.2f}, {high:+.2f}]"),
        Text(f"\n{_p_value(entry['p_corrected'])}"),
        Text("\n".join(rates)),
        Text(
            "\n".join(
                f"{_mark(task['log_ratio_ci'])} {name}{'*' if name in searched else ''}"
                for name, task in entry["tasks"].items()
            )
        ),
    )


def _mark(ci: Sequence[float]) -> str:
    """+ where an interval lies above 0, - where below.

    >>> [_mark(ci) for ci in ((0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1))]
    ['+', '-', '~']
    """
    return "+" if ci[0] > 0 else "-" if ci[1] < 0 else "~"


def _p_value(p: float) -> str:
    """A p-value to three places.

    >>> _p_value(0.0312), _p_value(0.00002)
    ('0.031', '<0.001')
    """
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _comparison_facts(found: Comparison) -> dict[str, Any]:
    return {
        "log_ratio": found.log_ratio.value,
        "log_ratio_ci": [found.log_ratio.low, found.log_ratio.high],
        "p": found.p,
    }


def _trial_facts(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    return [finite(trial._asdict()) for trial in trials]
