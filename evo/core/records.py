"""Candidates, trials, scores and records: the immutable data that flows from proposal to archive.

Imports nothing of evo but `evo.core`. `evo.core.fields` describes the same fields as columns.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo.core.diagnosis import Diagnosis
from evo.core.estimate import Estimate
from evo.core.novelty import Novelty
from evo.core.source import normalise
from evo.core.stages import Screening, Stage, TrainingEnd
from evo.core.trials import Outcome, Trial

BASELINE_OPERATOR = "baseline"
"""Operator name of the records that are known components, not proposals."""

GIVEN_OPERATOR = "given"
"""Operator of the candidates that a person gives; they enter generation 1."""
ABLATION_OPERATOR = "ablation"
"""Operator name of the records that measure what a component of a combination contributes."""


class Status(StrEnum):
    """The state of a candidate.

    PROPOSED      an operator wrote it; nothing else is known yet
    DUPLICATE     it computes what a known component computes; never trained
    INVALID       refused by policy, tracer or contract
    SCREENED_OUT  valid and new, but not chosen for training
    FAILED        chosen, but its training gave no result
    EVALUATED     trained and scored
    """

    PROPOSED = "PROPOSED"
    DUPLICATE = "DUPLICATE"
    INVALID = "INVALID"
    SCREENED_OUT = "SCREENED_OUT"
    FAILED = "FAILED"
    EVALUATED = "EVALUATED"


@dataclass(frozen=True)
class Candidate:
    """Source code of one component and where it comes from. Make one with `Candidate.of`.

    Attributes:
        model: language model that wrote it; empty where none did.
        request: key of the request that it answers, under which history keeps the reply.
        rationale: the model's explanation.
        idea_model: the language model that had the idea, where another wrote it; else empty.
        step: index of the step size that its operator drew; -1 where that has none.
        wording: id of the wording of the task that its model was given; empty for the standard one.
        new_wording: another wording of the task that the model proposed with it; else empty.
        hypothesis: that it tests, in a model's words; else empty.
    """

    id: str
    kind: str
    source: str
    parents: tuple[str, ...]
    operator: str
    model: str = ""
    request: str = ""
    rationale: str = ""
    idea_model: str = ""
    step: int = -1
    wording: str = ""
    new_wording: str = ""
    hypothesis: str = ""

    @classmethod
    def of(
        cls, kind: str, source: str, *, operator: str, parents: Sequence[str] = ()
    ) -> "Candidate":
        """Make the candidate of a source; its id is a hash of kind and normalised source."""
        text = f"{kind}\n{normalise(source)}".encode(errors="surrogatepass")
        return cls(hashlib.sha256(text).hexdigest()[:16], kind, source, tuple(parents), operator)


class TaskScore(NamedTuple):
    """Scores on one task alone: win rates in [0, 1] and the mean test loss."""

    b_wr: float
    bsota_wr: float
    loss: float


@dataclass(frozen=True)
class Score:
    """The fitness of a candidate at the highest rung it reached.

    Attributes:
        rung: index of that rung, 0 the shortest.
        trials: all trials, lower rungs first, in the protocol's order.
        b_wr: chance to beat a randomly drawn baseline (B-WR), in [0, 1].
        bsota_wr: chance to beat the best baseline (BSOTA-WR), in [0, 1].
        margin: mean over trials of log(best baseline's loss / own loss), in [-3, 3]; above 0 wins.
        tasks: the same per task.
        end: how the training ended.
    """

    rung: int
    trials: Sequence[Trial]
    b_wr: Estimate
    bsota_wr: Estimate
    margin: Estimate
    tasks: dict[str, TaskScore]
    end: TrainingEnd = TrainingEnd.COMPLETE


Vector = NDArray[np.float32]


def _no_vector() -> Vector:
    return np.zeros(0, dtype=np.float32)


@dataclass(frozen=True)
class Record:
    """A candidate and all that is known of it.

    Attributes:
        stage: the step that decided the status.
        reason: explanation of the status in words; empty for an evaluated candidate.
        graphs: its traced graph as JSON, one per member of a combination; empty until traced.
        text_vector: (d,) unit length embedding of the source; (0,) where none was taken.
        behaviour_vector: (p,) standardised outputs on the kind's probe; (0,) where none was taken.
        score: None unless evaluated.
        novelty: None unless it reached the archive.
        seconds: CPU time of its evaluation.
        cost_usd: price of the request that it answers, that for the idea included; NaN where the
            price is unknown.
        idea_cost_usd: the part of it that another model's idea cost.
        member: the kind in a combination whose component the reason is about; else empty.
        screening: state of the reward model; None unless that screened the candidate out.
        diagnoses: how its training went, one per network.
    """

    candidate: Candidate
    generation: int
    status: Status = Status.PROPOSED
    stage: Stage = Stage.OPEN
    reason: str = ""
    graphs: tuple[str, ...] = ()
    text_vector: Vector = field(default_factory=_no_vector, compare=False, repr=False)
    behaviour_vector: Vector = field(default_factory=_no_vector, compare=False, repr=False)
    score: Score | None = None
    novelty: Novelty | None = None
    seconds: float = field(default=0.0, compare=False)
    cost_usd: float = 0.0
    idea_cost_usd: float = 0.0
    member: str = ""
    screening: Screening | None = None
    diagnoses: tuple[Diagnosis, ...] = ()

    def diagnosed(self, outcome: Outcome) -> "Record":
        """The record with an outcome's diagnoses in the place of earlier ones of these networks."""
        known = {one[:2]: one for one in (*self.diagnoses, *outcome.diagnoses)}
        return replace(self, diagnoses=tuple(known.values()))

    @property
    def id(self) -> str:
        """The candidate's id."""
        return self.candidate.id

    @property
    def is_baseline(self) -> bool:
        """True for a known component that candidates are measured against."""
        return self.candidate.operator == BASELINE_OPERATOR

    @property
    def is_ablation(self) -> bool:
        """True for another record's combination without one of its components."""
        return self.candidate.operator == ABLATION_OPERATOR

    @property
    def is_given(self) -> bool:
        """True for a candidate that a person gave."""
        return self.candidate.operator == GIVEN_OPERATOR

    @property
    def is_inherited(self) -> bool:
        """True for a candidate of another campaign that this one began with, in generation 0."""
        return self.generation == 0 and self.is_proposal

    @property
    def is_proposal(self) -> bool:
        """True where a search proposed it: neither baseline nor ablation."""
        return not (self.is_baseline or self.is_ablation)

    @property
    def explanation(self) -> str:
        """The reason, prefixed with the member of a combination that it is about."""
        return f"{self.member}: {self.reason}" if self.member else self.reason

    @property
    def scored(self) -> Score:
        """The score of a record that must have one; `score` is for records that may have none."""
        assert self.score is not None, f"{self.id} has no score: {self.status}"
        return self.score

    @property
    def archived(self) -> Novelty:
        """The N-scores of a record that must have some; `novelty` is for any record."""
        assert self.novelty is not None, f"{self.id} did not reach the archive: {self.status}"
        return self.novelty


class Generation(NamedTuple):
    """A sealed generation; number 0 holds the baselines.

    Attributes:
        number: consecutive from 0.
        records: all of its records, in the order of history.
        survivors: ids of the population after it, in order.
    """

    number: int
    records: Sequence[Record]
    survivors: Sequence[str]
