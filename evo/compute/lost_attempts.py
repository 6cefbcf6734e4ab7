"""Losses: attempts at trainings that gave no result, and why."""

from enum import StrEnum
from typing import NamedTuple


class LossCause(StrEnum):
    """The reason why an attempt gave no result.

    NODE       its machine was lost, or left the cluster
    PREEMPTED  the scheduler took its place back, or the time of the allocation was over
    WORKER     its process died
    MEMORY     its process was ended because memory ran out
    LATE       it took longer than the time limit
    """

    NODE = "node"
    PREEMPTED = "preempted"
    WORKER = "worker"
    MEMORY = "memory"
    LATE = "late"

    @property
    def is_blameless(self) -> bool:
        """True where no candidate can have caused it."""
        return self in (LossCause.NODE, LossCause.PREEMPTED)


class LostAttempt(NamedTuple):
    """A loss.

    Attributes:
        cause: why.
        where: the machine; empty where it is this one.
        jobs: attempts that it took with it.
        detail: what the engine says about it, for people.
    """

    cause: LossCause
    where: str = ""
    jobs: int = 1
    detail: str = ""
