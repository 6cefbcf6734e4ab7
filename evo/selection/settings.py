"""Settings of selection."""

from pydantic import NonNegativeInt, PositiveInt, model_validator

from evo.core.frozen import Frozen


class SelectionSettings(Frozen):
    """Survival, parents and islands."""

    survival: str = "merit"
    """Survival strategy by name; see `evo list`."""
    parents: str = "rank"
    """Strategy that draws the parents of an offspring, by name; see `evo list`."""
    islands: PositiveInt = 1
    """Separate populations; `population` is divided among them, at least 4 on each."""
    portfolio: tuple[str, ...] = ()
    """Strategies that compete, each written `survival+parents`, such as `merit+rank`, in place of
    `survival` and `parents`. Each has an island of its own; after a quarter, a half and three
    quarters of the generations the worse half of them ends."""
    migrate_every: PositiveInt = 5
    """Generations between two migrations."""
    migrants: NonNegativeInt = 2
    """Number of the best of an island that visit the next island in a migration; 0 for none."""

    @property
    def strategies(self) -> tuple[tuple[str, str], ...]:
        """Names of survival and parents strategy, one pair per island."""
        if not self.portfolio:
            return ((self.survival, self.parents),) * self.islands
        pairs = [name.partition("+") for name in self.portfolio]
        return tuple((survival.strip(), parents.strip()) for survival, _, parents in pairs)

    @model_validator(mode="after")
    def _one_island_each(self) -> "SelectionSettings":
        if self.portfolio and self.islands not in (1, len(self.portfolio)):
            raise ValueError(
                f"expected no selection.islands beside a portfolio of {len(self.portfolio)} "
                f"strategies, which has an island for each; got {self.islands}"
            )
        if self.portfolio and not all("+" in name for name in self.portfolio):
            raise ValueError(
                "expected strategies written survival+parents, such as merit+rank, in "
                f"selection.portfolio; got {', '.join(self.portfolio)}"
            )
        return self

    def places(self, population: int) -> list[int]:
        """Number of survivors on each island at the start, as even as possible.

        >>> SelectionSettings(islands=3).places(10)
        [4, 3, 3]
        """
        return divided_evenly(population, len(self.strategies))


def divided_evenly(population: int, islands: int) -> list[int]:
    """A population divided among some islands, as evenly as possible."""
    least, left = divmod(population, islands)
    return [least + (island < left) for island in range(islands)]
