"""The setting of a search as prompts tell it: tasks, networks, rungs and what decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

JudgedBy = Literal["loss", "accuracy", "refined"]


class TaskSetting(NamedTuple):
    """A task as prompts describe it.

    Attributes:
        inputs: shape of one sample.
        outputs: classes, or numbers to predict.
        samples: of training, validation and test.
        networks: a summary of each by its name, in the order of the rungs.
        loop: what its own training loop does, in a line; empty for a task of data and networks.
    """

    name: str
    inputs: tuple[int, ...]
    outputs: int
    is_classification: bool
    samples: tuple[int, int, int]
    networks: Mapping[str, str]
    loop: str = ""


class RungSetting(NamedTuple):
    """A rung as prompts describe it; `networks` is the number of each task's, 0 for all."""

    epochs: int
    seeds: int
    networks: int


@dataclass(frozen=True)
class SearchSetting:
    """The setting in which candidates are trained, judged and compared.

    Attributes:
        role: what the component replaces, in a line.
        tasks: that each candidate trains on.
        rungs: shortest first.
        keep: share of a rung's candidates that goes on to the next.
        learning_rates: to pick from.
        strengths: factors of a penalty to pick from; one where the kind has none.
        batch_size: samples per step.
        steps: of an epoch, on the first task; 0 where that has a loop of its own.
        judged_by: what decides a trial: the loss, before or after temperature scaling, or errors.
        survival: name of the survival strategy.
        survival_words: what it is, in a line.
        compared: what tells two components apart, in words.
        same_within: distance up to which they count as the same.
        closest: the two nearest known components and their distance; None with fewer than two.
        typical: median distance of two known components.
        inputs: by task and network, what the first and the last activation of the known
            components take, before and after training: root mean squares, their median.
        operations: fewest and most tensor operations of a known component.
        remeasures: whether those that would lead are measured again on fresh seeds.
    """

    role: str
    tasks: Sequence[TaskSetting]
    rungs: Sequence[RungSetting]
    keep: float
    learning_rates: Sequence[float]
    strengths: Sequence[float]
    batch_size: int
    steps: int
    judged_by: JudgedBy
    survival: str
    survival_words: str
    compared: str
    same_within: float
    closest: tuple[str, str, float] | None = None
    typical: float = 0.0
    inputs: Mapping[tuple[str, str], tuple[float, float, float, float]] = field(
        default_factory=dict[tuple[str, str], tuple[float, float, float, float]]
    )
    operations: tuple[int, int] = (0, 0)
    remeasures: bool = False
