"""The cells of a study: one level per axis and a seed, with the settings that follow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil

from evo.campaign.config import Config
from evo.campaign.config.read import layered
from evo.core.errors import UsageError
from evo.report.facts.study import SEED_AXIS
from evo.studies.grid.study import Study


@dataclass(frozen=True)
class Cell:
    """One campaign of a study.

    Attributes:
        name: of its folder, the levels joined by hyphens.
        levels: level by axis, the seed last.
        config: of its campaign.
    """

    name: str
    levels: Mapping[str, str]
    config: Config

    @property
    def hypotheses(self) -> int:
        """Number of candidates proposed."""
        generations = range(1, self.config.generations + 1)
        return sum(map(self.config.offspring_in, generations))

    def end_of_round(self, number: int, rounds: int) -> int:
        """The generation up to which it runs in a round, counted from 1; further ones end alike."""
        return ceil(self.config.generations * min(number / rounds, 1))


def cells_of(study: Study) -> list[Cell]:
    """All cells, the seeds outermost, so that a first seed is complete before a second begins.

    Raises:
        UsageError: a setting is wrong, no cell is left, or two cells have one name.
    """
    cells = list(_cells(study))
    if not cells:
        raise UsageError("The study has no cell: its rules leave every one out.")
    names = [cell.name for cell in cells]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"Two cells of the study are called {twice!r}; rename a level.")
    return cells


def _cells(study: Study) -> Iterator[Cell]:
    chosen = [
        (dict(zip(study.axes, levels, strict=True)), seed)
        for seed in study.seeds
        for levels in product(*study.axes.values())
    ]
    chosen = [
        (levels, seed)
        for levels, seed in chosen
        if not any(
            rule.skip and rule.covers({**levels, SEED_AXIS: str(seed)}) for rule in study.where
        )
    ]
    for levels, seed in chosen:
        everything = {**levels, SEED_AXIS: str(seed)}
        name = "-".join(everything.values())
        layers = [
            study.settings,
            *(study.axes[axis][level] for axis, level in levels.items()),
            *(rule.settings for rule in study.where if rule.covers(everything)),
        ]
        config = layered(study.base, layers, seed=seed, where=f"of cell {name}")
        yield Cell(name, everything, _sized(config, study))


def _sized(config: Config, study: Study) -> Config:
    """The configuration with as many generations as there are hypotheses."""
    generations = 1
    while sum(map(config.offspring_in, range(1, generations + 1))) < study.hypotheses:
        generations += 1
    return config.model_copy(update={"generations": generations})
