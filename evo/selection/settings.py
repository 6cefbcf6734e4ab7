"""Settings of selection."""

from pydantic import NonNegativeInt, PositiveInt

from evo.core.frozen import Frozen


class SelectionSettings(Frozen):
    """Survival, parents and islands."""

    survival: str = "nsga2"
    """Survival strategy by name; see `evo list`."""
    parents: str = "tournament"
    """Strategy that draws the parents of an offspring, by name; see `evo list`."""
    islands: PositiveInt = 1
    """Separate populations; `population` is divided among them, at least 4 on each."""
    migrate_every: PositiveInt = 5
    """Generations between two migrations."""
    migrants: NonNegativeInt = 2
    """Number of the best of an island that visit the next island in a migration; 0 for none."""

    def places(self, population: int) -> list[int]:
        """Number of survivors on each island, as even as possible.

        >>> SelectionSettings(islands=3).places(10)
        [4, 3, 3]
        """
        least, left = divmod(population, self.islands)
        return [least + (island < left) for island in range(self.islands)]
