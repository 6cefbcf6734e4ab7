"""Time that work takes to its end, by its pace so far."""

_TELLING = 0.05
"""Share of some work that must be done before its pace says how long the rest takes."""


def seconds_left(seconds: float, *, done: float, work: float, rest: float) -> float | None:
    """Estimate of the time to the end; None before a twentieth of the work is done.

    Args:
        seconds: time that it has taken so far.
        done: what was done in that time, in any unit.
        work: what its pace is judged by.
        rest: what is left to do.

    >>> seconds_left(30, done=3, work=12, rest=9), seconds_left(30, done=0, work=12, rest=12)
    (90.0, None)
    """
    return None if not work or done < _TELLING * work else seconds / done * rest
