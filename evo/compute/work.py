"""Settings that all jobs of a campaign share."""

from typing import NamedTuple

from evo.evaluation.protocol import Protocol


class Work(NamedTuple):
    """Settings that all jobs of a campaign share.

    Attributes:
        timeout_s: wall time of one training by a loop of a task's own.
    """

    kind: str
    tasks: tuple[str, ...]
    protocol: Protocol
    device: str
    timeout_s: float = 600.0
