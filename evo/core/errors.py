"""Errors that a user can cause or fix; messages say what was expected, what came, what to do."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path

Warn = Callable[[str], object]
"""Shows what is wrong and ends nothing."""


class EvoError(Exception):
    """The work failed; the command line ends with exit code 1."""


class UsageError(EvoError):
    """Wrong use or configuration, found before anything is spent; exit code 2."""


class HistoryError(EvoError):
    """A campaign folder is damaged, foreign or in use."""


class FormatError(HistoryError):
    """A file has a format that this version of evo does not read."""


class UselessCampaignError(EvoError):
    """A campaign whose trainings say nothing; resuming it gives the same. Exit code 1."""


class BudgetReachedError(EvoError):
    """A campaign has used up its budget; everything is saved, and the exit code is 0."""


def unknown_format(path: Path, actual: object, *, known: int) -> FormatError:
    """Make the error for a file whose format is not the one that is known."""
    return FormatError(
        f"{path} has format {actual}, this version of evo reads format {known}. "
        "Use the version that wrote it."
    )


def unknown_name(what: str, name: str, known: Iterable[str], *, where: str = "") -> UsageError:
    """Make the error for a name that is not in `known`; it suggests the nearest one that is.

    >>> print(unknown_name("operator", "mutat", ["crossover", "mutate"]))
    Unknown operator 'mutat'. Did you mean 'mutate'? Known: crossover, mutate.
    """
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    place = f" in {where}" if where else ""
    return UsageError(f"Unknown {what} {name!r}.{hint} Known{place}: {', '.join(names) or 'none'}.")
