"""Values and sources as short text for tables."""

from collections.abc import Mapping, Sequence
from typing import cast

from rich.text import Text

from evo.core.estimate import Estimate
from evo.core.source import normalise


def source_body(source: str) -> str:
    r"""Normalised source without imports, short enough for a table.

    >>> print(source_body("import torch\n\ndef f(x: int) -> int:\n    return x  # the same"))
    def f(x):
        return x
    """
    lines = normalise(source).splitlines()
    return "\n".join(line for line in lines if not line.startswith(("import ", "from "))).strip()


def interval_text(rate: Estimate) -> str:
    """A win rate with its 95 % interval.

    >>> interval_text(Estimate(0.75, 0.5, 0.9))
    '0.750 [0.50, 0.90]'
    """
    return f"{rate.value:.3f} [{rate.low:.2f}, {rate.high:.2f}]"


def mean_text(mean: float, interval: Sequence[float], *, digits: int, sign: str = "") -> str:
    """A mean with half the width of its symmetric interval.

    >>> mean_text(0.25, [0.125, 0.375], digits=3, sign="+")
    '+0.250 ± 0.125'
    """
    return f"{mean:{sign}.{digits}f} ± {interval[1] - mean:.{digits}f}"


def clock_text(seconds: float) -> str:
    """Minutes and seconds, with hours where there are any.

    >>> clock_text(65), clock_text(3700)
    ('1:05', '1:01:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def time_text(seconds: float, seconds_left: float | None) -> str:
    """Time that some work has taken, and the estimate to its end; None before there is one.

    >>> time_text(75, 3700)
    '1:15 so far, about 1:01:40 left'
    """
    left = "estimating the time left"
    if seconds_left is not None:
        left = f"about {clock_text(seconds_left)} left"
    return f"{clock_text(seconds)} so far, {left}"


def step_text(generation: int, step: str) -> str:
    """The step of a generation; that of generation 0, which proposes nothing, in more words.

    >>> step_text(3, "evaluate"), step_text(0, "baselines")
    ('evaluate', 'training the baselines')
    """
    if generation:
        return step
    return {
        "start": "workers start",
        "validate": "checking the baselines",
        "baselines": "training the baselines",
        "inherit": "taking over components",
        "again": "training survivors again",
        "archive": "describing the baselines",
    }.get(step, step)


def value_text(value: object) -> Text:
    """Any value of facts; never read as markup, since it may hold a path or generated source."""
    return Text(_plain(value))


def _plain(value: object) -> str:
    """Text of a value.

    >>> _plain({"b_wr": 0.123456, "ids": ["a", None]})
    'b_wr 0.1235, ids [a, –]'
    """
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        parts = cast(Mapping[str, object], value).items()
        return ", ".join(f"{name} {_plain(part)}" for name, part in parts)
    if isinstance(value, list):
        return "[" + ", ".join(_plain(part) for part in cast(list[object], value)) + "]"
    return "–" if value is None else str(value)
