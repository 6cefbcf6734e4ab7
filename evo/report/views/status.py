"""The view of `evo status`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from rich.console import Group, RenderableType

from evo.core.task_label import task_label
from evo.report.facts.figures import figure_words
from evo.report.facts.steering import change_words
from evo.report.views.authorship import authorship_table
from evo.report.views.tables import facts_table
from evo.report.views.text import clock_text, step_text


def status_view(
    facts: Mapping[str, Any], authorship: Mapping[str, Any], *, climb_line: str = ""
) -> RenderableType:
    """Names and values, and the table of operators and models once something was proposed.

    What a campaign does not use has no row.

    Args:
        facts: see `status_facts`.
        authorship: see `authorship_facts`.
        climb_line: the climb at a glance, see `evo.report.views.climb`; empty for none.
    """
    shown = dict(_shown(facts))
    if climb_line:
        shown["best margin"] = climb_line
    tables = [authorship_table(authorship)] if authorship["operators"] else []
    return Group(facts_table(shown), *tables)


def _shown(facts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in facts.items():
        if value is None or key == "generations":
            continue
        if key == "generation":
            most = facts["generations"]
            yield key, f"{value} of {most}" if value >= 0 else "none yet; the baselines train first"
        elif key == "progress":
            yield "now", _now(value)
            yield "process", f"{value['process']} on {value['host']}"
        elif key == "elapsed_hours":
            yield "elapsed", clock_text(3600 * value)
        elif key == "llm":
            if used := {name: part for name, part in value.items() if part != 0}:
                unknown = {"cost_usd": "unknown"} if value.get("unpriced") else {}
                yield key, used | unknown
        elif key in _IN_WORDS:
            yield from _IN_WORDS[key](value)
        elif key == "spend":
            if (dollars := value["usd_per_discovery"]) is not None:
                yield "usd per discovery", dollars
        elif isinstance(value, Mapping):
            parts = cast(Mapping[str, Any], value).items()
            yield key, {name: part for name, part in parts if part is not None}
        else:
            yield key, value


def _changes(changes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    yield "changed", "; ".join(map(_change, changes))


def _began_with(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "began with", "; ".join(map(_origin, facts["origins"]))
    yield "taken over", f"{facts['known']} components, {facts['evaluated']} of them with scores"


def _notes(notes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    yield "what helps and hurts", "\n".join(map(_note, notes))


def _note(note: Mapping[str, Any]) -> str:
    """A note in words.

    >>> _note({"change": "adds sin", "effect": [0.02, 0.01, 0.03], "pairs": 7, "others": -0.11})
    'adds sin: +0.02 [+0.01, +0.03] in 7 comparisons, other changes -0.11'
    """
    value, low, high = note["effect"]
    words = f"{note['change']}: {value:+.2f} [{low:+.2f}, {high:+.2f}] in {note['pairs']}"
    return f"{words} comparisons, other changes {note['others']:+.2f}"


def _hypotheses(tested: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Those that show something, line by line, and the number of the others.

    >>> facts = {"hypothesis": "a dip helps", "effect": [0.02, 0.01, 0.03], "pairs": 6}
    >>> one = {**facts, "others": -0.11, "is_shown": True}
    >>> for _, text in _hypotheses([one, {**one, "is_shown": False}]):
    ...     print(text)
    a dip helps: +0.02 [+0.01, +0.03] in 6 comparisons, other changes -0.11
    1 more without an effect shown
    """
    shown = [{**one, "change": one["hypothesis"]} for one in tested if one["is_shown"]]
    left = len(tested) - len(shown)
    lines = [*map(_note, shown), *([f"{left} more without an effect shown"] if left else [])]
    yield "tested hypotheses", "\n".join(lines)


def _figures(figures: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for one in figures:
        yield f"best on {task_label(one['task'])}", figure_words(one)


_IN_WORDS: Mapping[str, Callable[[Any], Iterator[tuple[str, str]]]] = {
    "changes": _changes,
    "began_with": _began_with,
    "notes": _notes,
    "hypotheses": _hypotheses,
    "figures": _figures,
}
"""Facts that become rows of another name, by key."""


def _origin(origin: Mapping[str, Any]) -> str:
    """A campaign that this one began with, in words.

    >>> _origin({"run": "one", "generation": 3, "id": "0123456789abcdef", "trains_again": ""})
    'one, generation 3 (0123456789ab)'
    """
    words = f"{origin['run']}, generation {origin['generation']} ({origin['id'][:12]})"
    why = origin["trains_again"]
    return f"{words}; its trainings do not count: {why}" if why else words


def _change(change: Mapping[str, Any]) -> str:
    """Settings that were changed, and from when on.

    >>> _change({"first": 3, "settings": {"generations": 70, "llm.budget.hours": 2.5}})
    'from generation 3 generations = 70, llm.budget.hours = 2.5'
    """
    return f"from generation {change['first']} {change_words(change)}"


def _now(progress: Mapping[str, Any]) -> str:
    """Step, share of its trainings, and time left, in words.

    >>> facts = {"generation": 3, "generations": 20, "step": "evaluate", "trained": 0.456}
    >>> _now({**facts, "seconds_left": 725.0})
    'generation 3 of 20: evaluate, 46% trained, about 12:05 left'
    """
    generation, left = progress["generation"], progress["seconds_left"]
    words = f"generation {generation} of {progress['generations']}: "
    words += step_text(generation, progress["step"])
    if progress["trained"]:
        words += f", {progress['trained']:.0%} trained"
    return words if left is None else f"{words}, about {clock_text(left)} left"
