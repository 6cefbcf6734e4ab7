"""Collect what is wrong with a start, so that all of it is reported at once."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

from evo.core.errors import UsageError


class Problem(NamedTuple):
    """One thing that is wrong.

    Attributes:
        part: of the start, such as "walls".
        error: says what was expected, what came, and what to do.
    """

    part: str
    error: UsageError


class Problems:
    """The problems found so far.

    >>> problems = Problems()
    >>> with problems.of("walls"):
    ...     raise UsageError("No walls.")
    >>> [str(problem.error) for problem in problems.known]
    ['No walls.']
    """

    def __init__(self) -> None:
        self.known: list[Problem] = []

    @contextmanager
    def of(self, part: str) -> Generator[None]:
        """Keep a `UsageError` that the context raises, and go on behind it."""
        try:
            yield
        except UsageError as error:
            self.known.append(Problem(part, error))

    def has(self, *parts: str) -> bool:
        """True if something is wrong with one of these parts."""
        return any(problem.part in parts for problem in self.known)

    def raise_all(self) -> None:
        """Raise what is wrong as one error; do nothing where all is well.

        Raises:
            UsageError: the only problem as it is, several as a numbered list.
        """
        if len(self.known) == 1:
            raise self.known[0].error
        if self.known:
            lines = [f"{n}. {problem.error}" for n, problem in enumerate(self.known, start=1)]
            raise UsageError("\n".join([f"{len(lines)} problems, and nothing was spent:", *lines]))
