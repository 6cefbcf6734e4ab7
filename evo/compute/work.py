"""Settings that all jobs of a campaign share."""

from typing import NamedTuple

from evo.evaluation.protocol import Protocol


class Work(NamedTuple):
    """Settings that all jobs of a campaign share."""

    kind: str
    tasks: tuple[str, ...]
    protocol: Protocol
    device: str
