"""The view of `evo show`: one record."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.syntax import Syntax
from rich.text import Text

from evo.report.facts.figures import figure_words
from evo.report.views.tables import facts_table, rows_table

_COURSE = ("network", "stable_rate", "early_loss", "late_loss", "signal_gain", "flat", "dead")
"""What of a diagnosis a table has room for."""


def record_view(facts: Mapping[str, Any]) -> RenderableType:
    """One record: its origin, measures, source, credits, confirmation and trials.

    Args:
        facts: see `record_facts`.
    """
    facts = dict(facts)
    score = facts.pop("score")
    confirmation = facts.pop("confirmation", None)
    credits_ = facts.pop("credits", None)
    diagnoses = facts.pop("diagnoses", [])
    figures = facts.pop("figures", [])
    source = str(facts.pop("source"))
    if not facts["model"]:
        for key in (
            "model",
            "request",
            "rationale",
            "idea_model",
            "wording",
            "cost_usd",
            "idea_cost_usd",
        ):
            del facts[key]
    parts: list[RenderableType] = [
        facts_table(facts),
        Text(),
        _Source(source.strip()),
    ]
    if credits_:
        parts += [Text(), facts_table({"credit": credits_})]
    if confirmation is not None:
        verdict = dict(confirmation)
        by_task = verdict.pop("tasks")
        verdict.pop("protocol")
        parts += [Text(), facts_table({"confirmation": verdict, "confirmation.tasks": by_task})]
    if score is not None:
        score = dict(score)
        trials = score.pop("trials")
        if all(trial["strength"] == 1 for trial in trials):  # only penalties have any other
            trials = [{k: v for k, v in trial.items() if k != "strength"} for trial in trials]
        by_task = {one["task"]: figure_words(one) for one in figures}
        parts += [Text(), facts_table(score | by_task), Text(), rows_table(trials)]
    if diagnoses:
        rows = [{name: diagnosis[name] for name in _COURSE} for diagnosis in diagnoses]
        parts += [Text(), rows_table(rows)]
    return Group(*parts)


class _Source:
    """Highlighted source; long lines are not broken, so that it can be copied."""

    def __init__(self, source: str) -> None:
        self._source = source

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = Syntax("", "python").highlight(self._source)
        text.rstrip()
        yield from console.render(text, options.update(no_wrap=True, overflow="ignore"))
