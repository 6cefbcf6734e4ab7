"""The settings of a campaign, with what follows from one for another."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from archive.novelty.settings import NoveltySettings
from evo.campaign.config.given import GivenSource, Origin
from evo.campaign.config.notify import NotifySettings
from evo.campaign.config.steering import SteeringSettings
from evo.compute.settings import ClusterSettings
from evo.core.contract import SEPARATOR
from evo.core.frozen import Frozen
from evo.core.user_files import SUFFIX
from evo.evaluation.protocol import Protocol
from evo.llm.settings import LlmSettings
from evo.proposing.feedback.settings import FeedbackSettings
from evo.proposing.settings import PortfolioSettings
from evo.screening.settings import RewardSettings
from evo.selection.settings import SelectionSettings

DEFAULT_STRATEGY = "evolution"
"""The search strategy that a configuration has unless it says otherwise."""
SMALLEST_POPULATION = 4
"""Fewest survivors that leave selection a choice."""


def default_operators(values: Mapping[str, Any]) -> dict[str, float]:
    """The operators of a configuration that names none."""
    operators = {
        "mutate-tree": 1.5,
        "crossover-tree": 0.75,
        "blend-tree": 0.4,
        "tune-tree": 0.2,
        "affine-tree": 1.0,
        "simplify-tree": 0.15,
    }
    if SEPARATOR in str(values.get("kind", "")):
        operators |= {"exchange": 1.0}
    if _asks(values):
        operators |= {
            "incremental-llm": 2.0,
            "novel-llm": 2.0,
            "crossover-llm": 2.0,
            "generate-llm": 1.0,
        }
    return operators


class Config(Frozen):
    """A campaign: what is evolved, on which tasks, for how long."""

    kind: str = "activation"
    """Component kind to evolve; `A+B` evolves two kinds together."""
    tasks: Annotated[tuple[str, ...], Field(min_length=1)] = ("digits",)
    """Tasks that candidates train on, by name or by the path of a Python file that defines one; all
    weigh equally."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Random seed. The same seed gives the same campaign, record for record."""
    generations: PositiveInt = 20
    """Generations to run."""
    population: Annotated[int, Field(ge=SMALLEST_POPULATION)] = 16
    """Candidates that survive a generation."""
    offspring: PositiveInt = 48
    """Candidates proposed per generation."""
    trainings: PositiveInt = 32
    """Candidates trained per generation, at most."""
    overlap: Annotated[int, Field(ge=0, le=4)] = 0
    """Generations that still train when another begins, so that many workers have something to do.
    A generation then descends from survivors as many generations older. Not with language models,
    which propose ahead of trainings, nor with a budget of trainings."""
    operators: dict[str, NonNegativeFloat] = Field(default_factory=lambda: default_operators({}))
    """Operators by name, each with the weight it is drawn with; 0 switches one off. The default
    follows from the kind and from whether language models are configured."""
    workers: Annotated[int, Field(ge=0)] = 0
    """Trainings at once, each in a process of one thread; 0 means as many as the processors, or the
    GPUs, of this machine or of the cluster have room for. Slurm wants a number."""
    compute: str = "local"
    """Compute engine, which says where trainings run: `local`, `ray`, `slurm`, or one of a plug-in.
    Results do not depend on it."""
    cpus_per_training: PositiveFloat = 1.0
    """Processors that a training reserves. It uses one thread; more leave it more memory."""
    gpus_per_training: NonNegativeFloat | Literal["fit"] = 0.0
    """GPUs that a training reserves, or the share of one, as in `0.25`; `fit` measures the share
    that one takes of its memory. On this machine 0 means a whole one where `device` is a GPU."""
    seeds: tuple[str | GivenSource, ...] = ()
    """Components to begin with, one per file, such as `["mine/*.py"]`. They enter generation 1 as
    candidates, and are validated and scored like any."""
    baselines: tuple[str | GivenSource, ...] = ()
    """Further baselines, one per file, or by a name that `evo list` has. Win rates are comparable
    only between campaigns with the same baselines."""
    start_from: tuple[str | Origin, ...] = ()
    """Campaigns to begin with, by name or folder, each as of its last generation or, as in
    `"RUN@12"`, of another. Their survivors are the first population, and their components known."""
    device: str = Field(default="auto", pattern="^(auto|cpu|cuda)$")
    """Device for training: `auto`, `cpu` or `cuda`. `auto` takes a GPU if torch sees one."""
    timeout_s: PositiveFloat = 600.0
    """Wall time limit for training one candidate at one rung, in seconds."""
    tracking: tuple[str, ...] = ()
    """Experiment trackers to log to: `tensorboard`, `wandb`, `mlflow`, each an extra of evo."""
    protocol: Protocol = Protocol()
    novelty: NoveltySettings = NoveltySettings()
    selection: SelectionSettings = SelectionSettings()
    portfolio: PortfolioSettings = PortfolioSettings()
    reward: RewardSettings = RewardSettings()
    llm: LlmSettings = LlmSettings()
    steering: SteeringSettings = SteeringSettings()
    notify: NotifySettings = NotifySettings()
    feedback: FeedbackSettings = FeedbackSettings()
    cluster: ClusterSettings = ClusterSettings()

    @model_validator(mode="before")
    @classmethod
    def _with_operators(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Operators follow the kind and the models; with language models, weights adapt."""
        values = {"operators": default_operators(values), **values}
        portfolio: Any = values.get("portfolio", {})
        if _asks(values) and isinstance(portfolio, dict):
            return values | {"portfolio": {"adaptive": True, **cast(dict[str, Any], portfolio)}}
        return values

    @model_validator(mode="after")
    def _screened_late(self) -> "Config":
        """The reward model screens the last quarter of the campaign, unless told otherwise."""
        if self.reward.lessons and not self.is_screened:
            raise ValueError(
                "reward: expected screening = true together with lessons: nothing else reads them"
            )
        if not {"first_generation", "lessons"} & self.reward.model_fields_set:
            first = max(2, math.ceil(3 * self.generations / 4) + 1)
            reward = self.reward.model_copy(update={"first_generation": first})
            # It follows from another value, so it is not what somebody set.
            reward.model_fields_set.discard("first_generation")
            object.__setattr__(self, "reward", reward)
        return self

    @property
    def is_screened(self) -> bool:
        """True if a reward model chooses what trains; `auto` means so without language models."""
        screening = self.reward.screening
        return not self.llm.models if screening == "auto" else screening

    def offspring_in(self, generation: int) -> int:
        """Number of candidates to propose for a generation."""
        if self.is_screened and generation >= self.reward.first_generation:
            return round(self.offspring * self.reward.over_propose)
        return self.offspring

    @model_validator(mode="after")
    def _inhabited(self) -> "Config":
        """Check that each island has survivors to choose from, and more of them than guests."""
        places = self.selection.places(self.population)
        islands, fewest = len(places), min(places)
        if fewest < SMALLEST_POPULATION:
            raise ValueError(
                f"expected a population of {SMALLEST_POPULATION} or more on each island, got "
                f"{fewest}: population = {self.population}, selection.islands = {islands}"
            )
        if len(self.steering.pinned) > self.population // 2:
            raise ValueError(
                f"expected at most half of the population pinned ({self.population // 2}), got "
                f"{len(self.steering.pinned)} of steering.pinned"
            )
        if islands > 1 and self.selection.migrants >= fewest:
            raise ValueError(
                f"expected fewer selection.migrants than survivors on an island ({fewest}), "
                f"got {self.selection.migrants}"
            )
        return self

    @model_validator(mode="after")
    def _may_overlap(self) -> "Config":
        """Check that nothing else reckons with one generation at a time."""
        if self.overlap and (self.llm.models or self.llm.budget.trainings):
            what = "llm.models" if self.llm.models else "llm.budget.trainings"
            raise ValueError(f"expected overlap = 0 with {what}, got {self.overlap}")
        return self

    @field_validator("kind")
    @classmethod
    def _in_order(cls, kind: str) -> str:
        """The one name of a combination, in whichever order its kinds are written."""
        return SEPARATOR.join(sorted(name.strip() for name in kind.split(SEPARATOR)))

    @field_validator("tasks")
    @classmethod
    def _different(cls, tasks: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(tasks)) < len(tasks):
            raise ValueError("expected each task once: repeated trials would narrow the intervals")
        # A campaign means the same file from wherever it is resumed.
        return tuple(
            str(Path(name).expanduser().absolute()) if name.endswith(SUFFIX) else name
            for name in tasks
        )


def _asks(values: Mapping[str, Any]) -> bool:
    llm = values.get("llm")
    if isinstance(llm, LlmSettings):
        return bool(llm.models)
    return isinstance(llm, Mapping) and bool(cast(Mapping[str, Any], llm).get("models"))
