"""What is known of a reward model: as facts for `--json`, and as tables for people."""

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evo.core.estimate import Estimate
from evo.report.views.layout import plain_table
from evo.screening.appraisal import Judgement, Ranked

_POINTS = (0.05, 0.1, 0.25, 0.5, 0.75)
"""Shares evaluated that the table shows."""
_STEPS = 100


def reward_facts(found: Judgement) -> dict[str, Any]:
    """What `evo reward --json` prints."""
    return {
        "campaigns": list(found.names),
        "evaluated": found.evaluated,
        "screening": found.screening,
        "trust": {
            "earned": found.trust.is_earned,
            "rank_correlation": found.trust.correlation,
            "candidates": found.trust.count,
            "bias": found.trust.bias,
            "error_in_deviations": found.trust.overconfidence,
        },
        **_ranked_facts(found.overall),
        "curve": [
            {"evaluated": step / _STEPS, "found": found.overall.curve.at(step / _STEPS)}
            for step in range(_STEPS + 1)
        ],
        "by": found.by,
        "matrix": [
            {"learned_from": teacher, "tested_on": test, **_ranked_facts(ranked)}
            for (teacher, test), ranked in found.pairs.items()
        ],
    }


def reward_view(found: Judgement) -> RenderableType:
    """The curve at a few points, the matrix, and a word on trust."""
    return Group(_trust_line(found), _curve_table(found.overall), _matrix_table(found))


def _ranked_facts(ranked: Ranked) -> dict[str, Any]:
    return {
        "found_at_quarter": ranked.found.value,
        "found_at_quarter_ci": [ranked.found.low, ranked.found.high],
        "area": ranked.area.value,
        "area_ci": [ranked.area.low, ranked.area.high],
    }


def _trust_line(found: Judgement) -> Text:
    who = "screens" if found.screening else "would screen"
    verdict = f"It {who}." if found.trust.is_earned else "It stands aside: chance chooses."
    return Text(
        f"{', '.join(found.names)}: {found.evaluated} evaluated. "
        f"Foretold before training: {found.trust}. {verdict}"
    )


def _curve_table(ranked: Ranked) -> Table:
    table = plain_table(f"Share of the best 5 % found; area {_text(ranked.area)}, chance 0.50")
    table.add_column("evaluated")
    for share in _POINTS:
        table.add_column(f"{share:.0%}", justify="right")
    table.add_row("found", *(f"{ranked.curve.at(share):.0%}" for share in _POINTS))
    return table


def _matrix_table(found: Judgement) -> RenderableType:
    names = list(dict.fromkeys(test for _, test in found.pairs))
    if not names:
        return Text(f"No {found.by} has candidates enough for a matrix.")
    table = plain_table(
        f"Found by a quarter: learned from a row's {found.by}, tested on a column's"
    )
    table.add_column("learned from")
    for name in names:
        table.add_column(name, justify="right")
    for teacher in names:
        table.add_row(teacher, *(_text(found.pairs[teacher, test].found) for test in names))
    return table


def _text(interval: Estimate) -> str:
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"
