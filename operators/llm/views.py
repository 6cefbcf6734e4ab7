"""Records as prompts show them: plain values, and sources without comments and texts.

A docstring or a string of a candidate can say anything to the model that reads it, and means
nothing to the component: neither is shown.
"""

import ast
from typing import Any

from evo.core.messages import Prompt
from evo.core.records import Record
from evo.core.source import normalise
from operators.briefing import Briefing
from prompts.rendering import render

_LONGEST_TEXT = 16


def ask(template: str, briefing: Briefing) -> Prompt:
    """The prompt of a template for a briefing."""
    names = {record.id: name for name, record in briefing.baselines.items()}
    return Prompt(
        render("system"),
        render(
            template,
            contract=briefing.contract,
            baselines=[
                {"name": name, "b_wr": _shown(record, names)["b_wr"]}
                for name, record in _best_first(briefing)
            ],
            parents=[_shown(parent, names) for parent in briefing.parents],
            neighbours=[_shown(record, names) for record in briefing.neighbours],
            failures=[
                {"source": plain(record.candidate.source), "reason": record.reason}
                for record in briefing.failures
            ],
            beside=_partners(briefing),
            hints=briefing.hints,
        ),
    )


def ask_for_repair(template: str, briefing: Briefing) -> Prompt:
    """The prompt that gives a refused candidate, the one parent, back with the reason."""
    (refused,) = briefing.parents
    # It may not parse, and what is wrong with it may be a text: it is shown as it is.
    shown = {"source": refused.candidate.source, "reason": refused.reason}
    return Prompt(
        render("system"),
        render(
            template,
            contract=briefing.contract,
            beside=_partners(briefing),
            refused=shown,
            hints=briefing.hints,
        ),
    )


def plain(source: str) -> str:
    """The source without comments, docstrings and longer texts; empty where it does not parse."""
    try:
        tree = ast.parse(normalise(source))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                node.value = node.value if len(node.value) <= _LONGEST_TEXT else "…"
        return ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def _partners(briefing: Briefing) -> list[dict[str, str]]:
    return [{"kind": kind, "source": plain(text)} for kind, text in briefing.partners.items()]


def _best_first(briefing: Briefing) -> list[tuple[str, Record]]:
    def rank(item: tuple[str, Record]) -> tuple[float, str]:
        name, record = item
        return (-record.score.b_wr.value if record.score else 0.0, name)

    return sorted(briefing.baselines.items(), key=rank)


def _shown(record: Record, names: dict[str, str]) -> dict[str, Any]:
    score, novelty = record.score, record.novelty
    nothing = (0.0, 0.0, 0.0)
    return {
        "name": names.get(record.id, ""),
        "source": plain(record.candidate.source),
        "rationale": record.candidate.rationale,
        "b_wr": score.b_wr if score else nothing,
        "bsota_wr": score.bsota_wr if score else nothing,
        "n_text": novelty.text if novelty else 0.0,
        "n_behaviour": novelty.behaviour if novelty else 0.0,
    }
