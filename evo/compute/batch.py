"""A batch of jobs, which one worker trains in order, and its end."""

from typing import NamedTuple

from evo.compute.lost_attempts import LostAttempt
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job


class Batch(NamedTuple):
    """Jobs that one worker trains in order.

    Attributes:
        number: no other batch of the same process has it.
        jobs: one or more.
    """

    number: int
    jobs: tuple[Job, ...]


class Ended(NamedTuple):
    """The end of a batch.

    Attributes:
        batch: which one.
        outcomes: of its jobs; of all of them where nothing was lost.
        loss: why the others have none; None where nothing was lost.
    """

    batch: Batch
    outcomes: tuple[Outcome, ...]
    loss: LostAttempt | None = None
