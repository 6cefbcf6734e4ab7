"""The evaluated past as operators that learn see it: sealed records, boiled down.

Operators get numbers from it, never records of other candidates, so that equal pasts and equal
generators give equal offspring.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from evo.core.records import Score

_ERRORS = 2 * 1.96
"""Standard errors in the width of a 95 % interval."""


class Variant(NamedTuple):
    """An evaluated component among those of one form, which differ in their numbers alone.

    Attributes:
        numbers: those of its source, in the order of the text.
        margin: at the highest rung that it reached.
        rung: index of that rung, 0 the shortest.
        error: the margin's standard error.
    """

    numbers: tuple[float, ...]
    margin: float
    rung: int
    error: float

    @classmethod
    def of(cls, numbers: tuple[float, ...], score: Score) -> "Variant":
        """The variant with those numbers and that score."""
        margin = score.margin
        return cls(numbers, margin.value, score.rung, (margin.high - margin.low) / _ERRORS)


class Success(NamedTuple):
    """Children of one step size over some generations.

    Attributes:
        trained: those that were evaluated.
        ahead: those of them that are ahead of their first parent, by rung, then margin.
    """

    trained: int = 0
    ahead: int = 0

    def plus(self, other: "Success") -> "Success":
        """The sum of both."""
        return Success(self.trained + other.trained, self.ahead + other.ahead)


def _no_variants(form: str) -> Sequence[Variant]:  # noqa: ARG001 - nothing is known
    return ()


@dataclass(frozen=True)
class Past:
    """The past that an operator may learn from; by default nothing is known.

    Attributes:
        variants: every evaluated component of a form, by its key (`operators.tree.form`).
        steps: recent successes by name of an operator and index of its step size.
    """

    variants: Callable[[str], Sequence[Variant]] = _no_variants
    steps: Mapping[str, Mapping[int, Success]] = field(
        default_factory=dict[str, Mapping[int, Success]]
    )


NO_PAST = Past()
"""The past where nothing was evaluated."""
