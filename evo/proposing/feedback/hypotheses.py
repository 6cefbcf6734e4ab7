"""Hypotheses that models word, tested by children that follow them against their parents.

A hypothesis is judged once, when enough comparisons are there, and counts as shown where their
interval excludes zero. What could not be compared often enough in twice as many candidates is
given up. Derived from sealed records alone.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evo.core.estimate import Estimate
from evo.core.records import Record
from evo.evaluation.statistics.mean import student_mean
from evo.proposing.feedback.losses import Effect
from operators.briefing import Note

_COMPARISONS = 6
"""Those that a hypothesis needs, from two parents at least."""
_CANDIDATES = 12
"""Candidates after which one that was not compared as often is given up."""
_CLIP = 1.0
"""Effects count within ±1, as in notes."""


class _Test(NamedTuple):
    """A candidate that follows a hypothesis; without effect where it could not be compared."""

    generation: int
    parent: str
    effect: float | None


class Hypotheses:
    """All hypotheses in the order in which they came up; fed by sealed generations."""

    def __init__(self) -> None:
        self._tests: dict[str, list[_Test]] = {}

    def take(self, record: Record, effect: Effect | None) -> None:
        """Add a proposal and its effect against its first parent."""
        candidate = record.candidate
        if candidate.hypothesis:
            value = None if effect is None else max(-_CLIP, min(_CLIP, effect.mean.value))
            test = _Test(record.generation, next(iter(candidate.parents), ""), value)
            self._tests.setdefault(candidate.hypothesis, []).append(test)

    def under_test(self, last: int) -> str:
        """The oldest that is neither judged nor given up, up to a generation; else empty."""
        for text, tests in self._known(last):
            if len(tests) < _CANDIDATES and not _is_judged(tests):
                return text
        return ""

    def judged(self, last: int, *, others: float) -> list[Note]:
        """Those that were tested, up to a generation, the earliest first.

        Args:
            last: that generation.
            others: mean effect of all changes.
        """
        return [
            Note(text, _mean(tests), len(_effects(tests)), others)
            for text, tests in self._known(last)
            if _is_judged(tests)
        ]

    def _known(self, last: int) -> list[tuple[str, list[_Test]]]:
        known = [
            (text, [test for test in tests if test.generation <= last])
            for text, tests in list(self._tests.items())
        ]
        return [(text, tests) for text, tests in known if tests]


def _is_judged(tests: Sequence[_Test]) -> bool:
    parents = {test.parent for test in tests if test.effect is not None}
    return len(_effects(tests)) >= _COMPARISONS and len(parents) > 1


def _effects(tests: Sequence[_Test]) -> list[float]:
    return [test.effect for test in tests if test.effect is not None]


def _mean(tests: Sequence[_Test]) -> Estimate:
    return student_mean(np.array(_effects(tests)))
