"""Records as prompts show them: plain values, and sources without comments and texts.

A docstring or a string of a candidate can say anything to the model that reads it, and means
nothing to the component: neither is shown.
"""

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from evo.core.messages import Prompt
from evo.core.records import Record, Status
from evo.core.source import normalise
from evo.core.stages import TrainingEnd
from operators.briefing import Answers, Attempt, Briefing, Note, Portrait
from operators.listing import Listing, ends, shortened
from operators.llm.networks import margins_by_network
from prompts.rendering import card, render

_LONGEST_TEXT = 16
_SHORT_ID = 6
"""Digits of an id that name a component in prompts."""
_MOST_RESULTS = 8
"""Networks whose results are shown."""
_MOST_HYPOTHESES = 6
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_PARENTS = re.compile(r"\bparents?\b|\b(?:component|function|one) above\b", re.IGNORECASE)

_FATES = {Status.EVALUATED: "trained", Status.INVALID: "refused"}


def _half_listed(briefing: Briefing) -> Briefing:
    return replace(briefing, listing_characters=briefing.listing_characters // 2)


_LESS: tuple[Callable[[Briefing], Briefing], ...] = (
    lambda b: b,
    lambda b: replace(b, failures=b.failures[:1], answers=_fewer(b.answers, 3)),
    lambda b: replace(b, trailing=(), neighbours=b.neighbours[:1], origins=b.origins[:2]),
    lambda b: replace(b, failures=(), tried=_ends(b.tried, 5), answers=_fewer(b.answers, 0)),
    lambda b: replace(b, leaders=b.leaders[:1], answers=Answers()),
    lambda b: replace(b, neighbours=(), origins=(), tried=_ends(b.tried, 3)),
    lambda b: replace(b, tried=_ends(b.tried, 2)),
    _half_listed,
    lambda b: replace(b, leaders=(), tried=(), notes=b.notes[:3], hypotheses=(), has_card=False),
    lambda b: replace(b, setting=None, portraits={}),
    _half_listed,
    lambda b: replace(b, listing=Listing()),
)
"""Steps that shorten a briefing that makes too long a prompt, each taken after those before."""


def ask(template: str, briefing: Briefing) -> Prompt:
    """The prompt of a template for a briefing, at most as long as the briefing allows.

    Where it would be longer it shows less, the least important first. What the contract and the
    parents need is always shown.
    """
    system = render("system")
    text = ""
    for less in _LESS:
        briefing = less(briefing)
        text = _filled(template, briefing)
        if len(system) + len(text) <= briefing.most_characters:
            break
    return Prompt(system, text)


def ask_to_write(template: str, briefing: Briefing) -> Prompt:
    """The prompt that gives a model another's idea to write."""
    return Prompt(
        render("system"),
        render(
            template,
            contract=briefing.contract,
            beside=_partners(briefing),
            parents=[
                {"source": plain_source(parent.candidate.source)} for parent in briefing.parents
            ],
            idea=briefing.words,
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


@lru_cache(maxsize=1024)  # each is shown in many prompts
def plain_source(source: str) -> str:
    """The source without comments, docstrings and longer texts; empty where it does not parse."""
    try:
        tree = ast.parse(normalise(source))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                node.value = node.value if len(node.value) <= _LONGEST_TEXT else "…"
        return ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def whole_sentences(text: str, most: int) -> str:
    """The sentences of a remark that fit and stand for themselves, without those on parents.

    >>> whole_sentences("A sine adds a ripple. Parent 1 lacks it. It breaks o…", most=100)
    'A sine adds a ripple.'
    """
    kept = ""
    for sentence in _SENTENCE.split(" ".join(text.split())):
        if _PARENTS.search(sentence) or sentence.endswith("…"):
            continue
        longer = f"{kept} {sentence}".strip()
        if len(longer) > most:
            break
        kept = longer
    return kept


def _filled(template: str, briefing: Briefing) -> str:
    setting = briefing.setting
    last_rung = len(setting.rungs) - 1 if setting is not None else 0
    answers = briefing.answers

    def shown(record: Record, *, is_brief: bool = False) -> dict[str, Any]:
        return _shown(record, briefing, last_rung, is_brief=is_brief)

    above = {record.id for record in [*briefing.parents, *briefing.leaders]}
    above |= {record.id for record in [*briefing.neighbours, *briefing.trailing]}

    def attempted(attempt: Attempt) -> dict[str, Any]:
        return {**_attempted(attempt), "is_shown": attempt.record.id in above}

    return render(
        template,
        contract=briefing.contract,
        baselines=[{**shown(record), "name": name} for name, record in _best_first(briefing)],
        parents=[shown(parent) for parent in briefing.parents],
        has_results=any(portrait.results for portrait in briefing.portraits.values()),
        neighbours=[shown(record, is_brief=True) for record in briefing.neighbours],
        failures=[
            {"source": plain_source(record.candidate.source), "reason": record.reason}
            for record in briefing.failures
        ],
        beside=_partners(briefing),
        setting=setting,
        tasks=len(setting.tasks) if setting is not None else 1,
        leaders=[shown(record, is_brief=True) for record in briefing.leaders],
        trailing=[shown(record, is_brief=True) for record in briefing.trailing],
        tried=[attempted(attempt) for attempt in briefing.tried],
        origins=[attempted(attempt) for attempt in briefing.origins],
        answers={
            "counts": answers.counts,
            "recent": [attempted(attempt) for attempt in answers.recent],
        },
        listing=shortened(briefing.listing, briefing.listing_characters),
        notes=briefing.notes,
        hypotheses=_hypotheses(briefing, shown=True),
        unshown=_hypotheses(briefing, shown=False) if briefing.wants_hypothesis else (),
        hypothesis=briefing.hypothesis,
        wants_hypothesis=briefing.wants_hypothesis,
        idea=_idea(briefing),
        still_for=briefing.still_for,
        place=briefing.place,
        card=card(briefing.contract.kind) if briefing.has_card else "",
        wants_idea=briefing.wants_idea,
        hints=briefing.hints,
        wording=briefing.wording,
        contenders=briefing.contenders,
    )


def _hypotheses(briefing: Briefing, *, shown: bool) -> Sequence[Note]:
    """The latest whose interval excludes zero, or the latest others."""
    notes = [note for note in briefing.hypotheses if note.is_shown == shown]
    return notes[-_MOST_HYPOTHESES:]


def _idea(briefing: Briefing) -> dict[str, str] | None:
    if briefing.idea is None:
        return None
    remark, source = briefing.idea
    return {"remark": whole_sentences(remark, most=500), "source": plain_source(source)}


def _fewer(answers: Answers, count: int) -> Answers:
    return replace(answers, recent=answers.recent[:count])


def _ends(tried: Sequence[Attempt], count: int) -> list[Attempt]:
    """The best and the worst of those that trained, and of more than three one that did not."""
    trained = [attempt for attempt in tried if attempt.effect is not None]
    others = [attempt for attempt in tried if attempt.effect is None]
    kept = ends(trained, count - min(len(others), count // 4))
    return [*kept, *others[: count - len(kept)]]


def _partners(briefing: Briefing) -> list[dict[str, str]]:
    return [
        {"kind": kind, "source": plain_source(text)} for kind, text in briefing.partners.items()
    ]


def _best_first(briefing: Briefing) -> list[tuple[str, Record]]:
    def rank(item: tuple[str, Record]) -> tuple[float, str]:
        name, record = item
        return (-record.score.b_wr.value if record.score else 0.0, name)

    return sorted(briefing.baselines.items(), key=rank)


def _shown(record: Record, briefing: Briefing, last_rung: int, *, is_brief: bool) -> dict[str, Any]:
    """A component as templates show it; a brief one has its margins by network in a line."""
    score = record.score
    nothing = (0.0, 0.0, 0.0)
    portrait = briefing.portraits.get(record.id) or Portrait(record.id[:_SHORT_ID])
    return {
        "name": portrait.name,
        "source": plain_source(record.candidate.source),
        "remark": whole_sentences(record.candidate.rationale, most=500),
        "margin": score.margin if score else nothing,
        "b_wr": score.b_wr if score else nothing,
        "bsota_wr": score.bsota_wr if score else nothing,
        "is_remeasured": _is_remeasured(record),
        "is_last_rung": score is None or score.rung >= last_rung,
        "nearest": portrait.nearest,
        "distance": portrait.distance,
        "results": _worst_last(portrait)[:_MOST_RESULTS],
        "networks": margins_by_network(portrait.results) if is_brief else (),
        "facts": portrait.facts,
        "operations": portrait.operations,
    }


def _is_remeasured(record: Record) -> bool:
    return record.score is not None and record.score.end is TrainingEnd.REMEASURED


def _worst_last(portrait: Portrait) -> Sequence[Any]:
    return sorted(portrait.results, key=lambda r: (-r.margin.value, r.task, r.network))


def _attempted(attempt: Attempt) -> dict[str, Any]:
    record = attempt.record
    return {
        "name": attempt.name,
        "parent": attempt.parent,
        "others": attempt.others,
        "effect": attempt.effect,
        "trainings": attempt.trainings,
        "margin": record.score.margin if record.score else None,
        "is_remeasured": _is_remeasured(record),
        "networks": attempt.networks,
        "fate": _FATES.get(record.status, record.status.lower().replace("_", " ")),
        "reason": "" if record.status is Status.EVALUATED else record.reason,
        "remark": whole_sentences(record.candidate.rationale, most=250),
        "change": attempt.change,
        "source": plain_source(record.candidate.source),
    }
