"""A study: axes whose levels are settings, crossed into cells, each of them a campaign.

base = "smoke"                      # preset or TOML file that every cell begins with
hypotheses = 120                    # proposed per cell
seeds = [0, 1]

[axes.kind.activation]              # axes.AXIS.LEVEL = settings
kind = "activation"
[axes.author.trees]
[axes.author.model]
llm.models = [{ model = "…" }]

[[where]]                           # further settings, or `skip = true`, for some cells
levels = { author = "trees" }
settings = { operators = { "mutate-tree" = 1.0 } }
"""

import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from evo.campaign.config.problems import problems
from evo.core.errors import UsageError, unknown_name
from evo.core.frozen import Frozen
from evo.evaluation.statistics.paired_test import fewest_seeds
from evo.llm.settings import LlmBudget
from evo.report.facts.study import SEED_AXIS

_LEVEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+]*")
_PRESETS = "evo.data.studies"


class Rule(Frozen):
    """Further settings of the cells that have some levels."""

    levels: dict[str, str | list[str]]
    """Level by axis, or a list of levels; cells that have them all are meant."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Settings that win over those of the levels."""
    skip: bool = False
    """Leave these cells out."""

    def covers(self, levels: Mapping[str, str]) -> bool:
        """True if a cell of these levels is meant."""
        return all(
            levels[axis] in ([level] if isinstance(level, str) else level)
            for axis, level in self.levels.items()
        )


class Confirming(Frozen):
    """Settings by which the best of each cell are confirmed once it has finished."""

    best: PositiveInt = 1
    """Candidates of each cell, the best by worth."""
    epochs: PositiveInt = 30
    """Epochs of every training."""
    seeds: Annotated[int, Field(ge=2, le=40)] = 12
    """Fresh seeds per task and network."""
    tasks: tuple[str, ...] = ()
    """Tasks besides those of the cell."""
    hours: NonNegativeFloat = 0.0
    """Processor hours that all confirmations together may take. 0 means no limit."""

    @model_validator(mode="after")
    def _enough_seeds(self) -> "Confirming":
        if self.seeds < (fewest := fewest_seeds(self.best)):
            raise ValueError(
                f"{self.seeds} seeds cannot confirm any of {self.best} candidates, "
                f"expected at least {fewest}"
            )
        return self


class Study(Frozen):
    """A study as its file says."""

    base: str = "default"
    """Preset or TOML file that every cell begins with; a path is relative to the study's file."""
    hypotheses: PositiveInt = 240
    """Candidates proposed per cell, rounded up to whole generations."""
    rounds: PositiveInt = 4
    """Parts that cells advance by in turn, so that a study that ends early is balanced."""
    seeds: Annotated[tuple[NonNegativeInt, ...], Field(min_length=1)] = (0,)
    """Random seeds; every combination of levels runs with each."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Settings of every cell. `strategy` names a search strategy, here and in levels."""
    axes: dict[str, dict[str, dict[str, Any]]]
    """Settings by axis and level. Cells are all combinations of one level per axis and a seed."""
    where: tuple[Rule, ...] = ()
    """Further settings of some cells, the last one wins."""
    confirm: Confirming | None = None
    """How the best of each cell are confirmed on fresh seeds; unset leaves that out."""
    license: str = "unknown"
    """Licence of the exported data set, as an SPDX identifier."""
    budget: LlmBudget = LlmBudget()
    """Budget of the whole study. Each round divides what is left equally among the cells that
    can use it. 0 means no limit."""

    @field_validator("seeds")
    @classmethod
    def _different(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("expected each seed once")
        return seeds

    @field_validator("axes")
    @classmethod
    def _named(
        cls, axes: dict[str, dict[str, dict[str, Any]]]
    ) -> dict[str, dict[str, dict[str, Any]]]:
        for axis, levels in axes.items():
            if axis == SEED_AXIS:
                raise ValueError("seeds are listed as `seeds = [0, 1]`, not as an axis")
            if not levels:
                raise ValueError(f"expected one level or more of axis {axis!r}")
            for name in (axis, *levels):
                if not _LEVEL.fullmatch(name):
                    raise ValueError(
                        f"expected names of letters, digits, dot, underscore and plus, got {name!r}"
                    )
        return axes

    @model_validator(mode="after")
    def _known(self) -> "Study":
        """Check that rules speak of levels that there are."""
        for rule in self.where:
            for axis, level in rule.levels.items():
                known = {**self.axes, SEED_AXIS: {str(seed): {} for seed in self.seeds}}
                if axis not in known:
                    raise ValueError(f"where: expected an axis of {sorted(known)}, got {axis!r}")
                for name in [level] if isinstance(level, str) else level:
                    if name not in known[axis]:
                        raise ValueError(
                            f"where: expected a level of {axis} ({sorted(known[axis])}), "
                            f"got {name!r}"
                        )
        return self


def read_study(source: str | Path) -> Study:
    """The study of a TOML file, or one that comes with evo, by name.

    Raises:
        UsageError: it cannot be read, or a key or value is wrong.
    """
    try:
        values = tomllib.loads(_text(str(source)))
    except OSError as error:
        raise UsageError(f"Study {source}: cannot be read ({error.strerror}).") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"Study {source}: expected TOML in UTF-8: {error}.") from None
    try:
        study = Study.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"Study {source}: {problems(error, Study)}.") from None
    beside = Path(source).parent / study.base
    return study.model_copy(update={"base": str(beside)}) if beside.is_file() else study


def studies() -> dict[str, str]:
    """The studies that come with evo: first comment line by name."""
    files = sorted(resources.files(_PRESETS).iterdir(), key=lambda file: file.name)
    return {
        Path(file.name).stem: file.read_text("utf-8").partition("\n")[0].lstrip("# ")
        for file in files
        if file.name.endswith(".toml")
    }


def _text(source: str) -> str:
    if source.endswith(".toml"):
        return Path(source).read_text(encoding="utf-8-sig")
    if source not in (known := studies()):
        raise unknown_name("study or TOML file", source, known)
    return (resources.files(_PRESETS) / f"{source}.toml").read_text("utf-8")
