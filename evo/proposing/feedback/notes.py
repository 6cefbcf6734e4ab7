"""Notes: what helped and what hurt in this search, each with effect, interval and count.

A change from parent to child is described by a few features, such as a call that it adds or drops.
A feature becomes a note where its changes differ from all others by more than chance explains, and
is one no longer once later changes contradict it: the list is worked out from all evidence each
time. Texts of candidates are no part of it, only names of tensor functions.
"""

import ast
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from evo.core.source import normalise, source_size
from evo.evaluation.statistics.mean import student_mean
from operators.briefing import Note

_MODULES = frozenset({"torch", "F", "math", "nn", "functional"})
_MOST_FEATURES = 3
"""A change of more says little about each."""
_FEWEST = 4
"""Pairs of parent and child that a note needs, from two parents at least."""
_DEVIATIONS = 2.6
"""Standard errors of a difference that is no chance: 99 % of one, since many features are tried."""
_MOST = 8
_CLIP = 1.0
"""Effects count within ±1: a form that breaks down is no measure of how bad a term is."""
_LENGTH = 1.25
"""Ratio of sizes from which on a change makes a formula longer or shorter."""


class Pair(NamedTuple):
    """A change from parent to child.

    Attributes:
        features: of the change, in words.
        effect: mean over common trials of log(parent's loss / child's loss).
    """

    generation: int
    parent: str
    features: tuple[str, ...]
    effect: float


def notes(pairs: Sequence[Pair]) -> list[Note]:
    """The notes that these pairs support, those of the largest difference first, at most eight."""
    effects = np.array([max(-_CLIP, min(_CLIP, pair.effect)) for pair in pairs])
    ranked: list[tuple[float, Note]] = []
    places: dict[str, list[int]] = {}
    for place, pair in enumerate(pairs):
        for feature in pair.features:
            places.setdefault(feature, []).append(place)
    for feature, rows in sorted(places.items()):
        if not _FEWEST <= len(rows) <= len(pairs) - _FEWEST:
            continue
        if len({pairs[place].parent for place in rows}) < 2:
            continue
        has = np.zeros(len(pairs), dtype=bool)
        has[rows] = True
        with_feature, without = effects[has], effects[~has]
        difference = float(with_feature.mean() - without.mean())
        error = math.sqrt(
            with_feature.var(ddof=1) / len(with_feature) + without.var(ddof=1) / len(without)
        )
        if abs(difference) > _DEVIATIONS * error:
            note = Note(
                feature, student_mean(with_feature), len(with_feature), float(without.mean())
            )
            ranked.append((abs(difference), note))
    ranked.sort(key=lambda item: (-item[0], item[1].change))
    return [note for _, note in ranked[:_MOST]]


@lru_cache(maxsize=4096)
def features(parent: str, child: str) -> tuple[str, ...]:
    """Changes from a parent's source to a child's, in words; empty where they are too many.

    >>> features("def f(x): return x * torch.sigmoid(x)", "def f(x): return x * torch.tanh(x)")
    ('puts tanh in place of sigmoid',)
    >>> features("def f(x): return x + torch.sin(x)", "def f(x): return x + torch.sin(2.0 * x)")
    ('adds a factor or term of numbers alone',)
    """
    before, after = _calls(parent), _calls(child)
    added, dropped = sorted((after - before).elements()), sorted((before - after).elements())
    if len(added) + len(dropped) > _MOST_FEATURES:
        return ()
    if len(added) == len(dropped) == 1:
        words = [f"puts {added[0]} in place of {dropped[0]}"]
    else:
        words = [*(f"adds {name}" for name in added), *(f"drops {name}" for name in dropped)]
    old, new = source_size(parent), source_size(child)
    if not words and _form(parent) == _form(child):
        words.append("changes numbers alone")
    elif not words and new > old:
        words.append("adds a factor or term of numbers alone")
    elif not words and new < old:
        words.append("drops a factor or term of numbers alone")
    if new > _LENGTH * old and added:
        words.append("makes it a quarter longer or more")
    elif old > _LENGTH * new and dropped:
        words.append("makes it a quarter shorter or more")
    return tuple(dict.fromkeys(words))


def evidence(pairs: Iterable[Pair], *, last: int) -> list[Pair]:
    """The pairs up to a generation that say something."""
    return [pair for pair in pairs if pair.generation <= last and pair.features]


def _calls(source: str) -> Counter[str]:
    """Names of the tensor functions and methods that a source calls; nothing it names itself."""
    names: Counter[str] = Counter()
    for node in _walk(source):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            names[node.func.attr] += 1
    return Counter({name: count for name, count in names.items() if name not in _MODULES})


def _form(source: str) -> str:
    """The source with its numbers taken out."""
    try:
        tree = ast.parse(normalise(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            node.value = 0
    return ast.dump(tree)


def _walk(source: str) -> Iterable[ast.AST]:
    try:
        return list(ast.walk(ast.parse(normalise(source))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
