"""Trials of candidates, and the outcomes of the jobs that train them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from evo.core.diagnosis import Diagnosis

TrialKey = tuple[int, str, str, int]
"""Rung, task, network and seed."""


class Trial(NamedTuple):
    """One training run: task × network × seed, at the learning rate picked for the candidate.

    Attributes:
        rung: index of the rung it was run at, 0 the shortest.
        loss: test loss; `inf` marks a lost trial (training diverged).
        accuracy: share of test samples classified rightly, in [0, 1]; 0 for a lost trial.
        strength: multiplier of the component's penalty, picked with the learning rate; 1 where the
            kind has no strength.
    """

    rung: int
    task: str
    network: str
    seed: int
    learning_rate: float
    loss: float
    accuracy: float
    strength: float = 1.0

    @property
    def key(self) -> TrialKey:
        """Rung, task, network and seed, which a candidate and the baselines share."""
        return self[:4]


class JobKey(NamedTuple):
    """Key of a training job, the smallest unit of work: one candidate in one heat of one rung."""

    id: str
    rung: int
    heat: int


_NESTED = frozenset({"trials", "diagnoses"})


@dataclass(frozen=True)
class Outcome:
    """Result of training one candidate in one heat.

    Attributes:
        id: the candidate's id.
        rung: index of the rung.
        trials: results in the protocol's order; empty where the training failed.
        seconds: CPU time of the training.
        error: reason why it failed, or, beside trials, why some trainings gave no result; else
            empty.
        heat: index of the heat within the rung.
        diagnoses: how it went on the networks that picked their learning rate in it.
    """

    id: str
    rung: int
    trials: tuple[Trial, ...]
    seconds: float
    error: str = ""
    heat: int = 0
    diagnoses: tuple[Diagnosis, ...] = ()

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Outcome":
        """The outcome of its fields as JSON has them."""
        rest = {name: value for name, value in fields.items() if name not in _NESTED}
        return cls(
            trials=tuple(Trial(*trial) for trial in fields["trials"]),
            diagnoses=tuple(Diagnosis(*one) for one in fields.get("diagnoses", ())),
            **rest,
        )

    @property
    def key(self) -> JobKey:
        """Key of the job that it is the outcome of."""
        return JobKey(self.id, self.rung, self.heat)
