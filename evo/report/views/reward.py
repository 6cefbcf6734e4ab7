"""The view of `evo reward`: how well a reward model ranks candidates."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evo.core.estimate import Estimate
from evo.report.facts.reward import LEVELS
from evo.report.views.tables import plain_table
from evo.screening.appraisal import Forecasts, Judgement, Ranked

_SHARES = (0.05, 0.1, 0.25, 0.5, 0.75)
"""Shares evaluated that the table shows."""


def reward_view(judgement: Judgement) -> RenderableType:
    """Trust in the model, the curve at a few points, and the matrix of sources."""
    return Group(
        _trust_line(judgement),
        Text(calibration_words(judgement.forecasts)),
        _curve_table(judgement.overall),
        _matrix_table(judgement),
    )


def calibration_words(forecasts: Forecasts) -> str:
    """The fit of predictions for candidates that the model did not see to what was measured."""
    shares = ", ".join(f"{forecasts.coverage(level):.0%} of {level:.0%}" for level in LEVELS)
    return (
        f"Calibration, held out: within the intervals {shares}; measured less predicted "
        f"{forecasts.bias:+.3f} on average, {forecasts.overconfidence:.2f} predicted deviations "
        "(1 is calibrated, more is too sure)."
    )


def _trust_line(judgement: Judgement) -> Text:
    screens = "screens" if judgement.screening else "would screen"
    verdict = (
        f"It {screens}."
        if judgement.trust.is_earned
        else "It does not screen: a random share trains."
    )
    return Text(
        f"{', '.join(judgement.names)}: {judgement.evaluated} evaluated. "
        f"Predicted before training: {judgement.trust}. {verdict}"
    )


def _curve_table(ranked: Ranked) -> Table:
    table = plain_table(f"Share of the best 5 % found; area {_text(ranked.area)}, chance 0.50")
    table.add_column("evaluated")
    for share in _SHARES:
        table.add_column(f"{share:.0%}", justify="right")
    table.add_row("found", *(f"{ranked.curve.at(share):.0%}" for share in _SHARES))
    return table


def _matrix_table(judgement: Judgement) -> RenderableType:
    names = list(dict.fromkeys(test for _, test in judgement.pairs))
    if not names:
        return Text(f"No {judgement.by} has enough candidates for a matrix.")
    table = plain_table(
        f"Share found after a quarter: learned from a row's {judgement.by}, tested on a column's"
    )
    table.add_column("learned from")
    for name in names:
        table.add_column(name, justify="right")
    for teacher in names:
        table.add_row(teacher, *(_text(judgement.pairs[teacher, test].recall) for test in names))
    return table


def _text(interval: Estimate) -> str:
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"
