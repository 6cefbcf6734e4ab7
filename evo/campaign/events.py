"""Events of a running campaign, as frozen values; never a handle on the campaign.

An interrupted generation runs again on resume, so its `CandidateEvaluated` events come again too;
`GenerationSealed` comes once per generation.
"""

from dataclasses import dataclass
from enum import StrEnum

from evo.core.records import Record


@dataclass(frozen=True)
class CandidateEvaluated:
    """A candidate has been trained and scored. Its N-scores follow when the generation is sealed.

    Attributes:
        record: the candidate with its score.
    """

    record: Record


@dataclass(frozen=True)
class GenerationSealed:
    """A generation is complete and on disk.

    Attributes:
        generation: its number, from 1.
        generations: number of the last generation.
        records: all candidates of the generation, in order.
        best: the best candidate of all sealed generations; None before there is one.
    """

    generation: int
    generations: int
    records: tuple[Record, ...]
    best: Record | None


@dataclass(frozen=True)
class BudgetWarning:
    """Half, or four fifths, of a budget are used up.

    Attributes:
        generation: the generation in progress.
        budget: requests, tokens, dollars or hours.
        share: 0.5 or 0.8.
        message: the same in words, with figures.
    """

    generation: int
    budget: str
    share: float
    message: str


@dataclass(frozen=True)
class EndpointDead:
    """A language model cannot be reached; the campaign stops, or goes on without it.

    Attributes:
        generation: the generation in progress.
        message: which one, in words.
        goes_on: whether the campaign goes on.
    """

    generation: int
    message: str
    goes_on: bool = False


@dataclass(frozen=True)
class BudgetReached:
    """A budget (requests, tokens, dollars or hours) is used up; everything is saved.

    Attributes:
        generation: the last sealed generation.
        message: which budget, in words.
    """

    generation: int
    message: str


class StopCause(StrEnum):
    """The reason why a process stopped working on a campaign.

    FINISHED     the last generation is sealed
    BUDGET       a budget is used up
    INTERRUPTED  by Ctrl-C or SIGTERM
    FAILED       an error, which is raised
    """

    FINISHED = "finished"
    BUDGET = "budget"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True)
class Stopped:
    """The last event of a process: it has stopped working on the campaign, and all is saved.

    Attributes:
        generation: the last sealed generation.
        cause: why it stopped.
        message: the same in words; empty where the campaign is finished.
    """

    generation: int
    cause: StopCause
    message: str


Event = (
    CandidateEvaluated | GenerationSealed | BudgetWarning | EndpointDead | BudgetReached | Stopped
)
