"""How a campaign selects, as configuration."""

from pydantic import NonNegativeInt, PositiveInt

from evo.core.frozen import Frozen


class SelectionSettings(Frozen):
    """Who survives, who has offspring, and in how many separate populations."""

    survival: str = "nsga2"
    """Who survives a generation, by name; `evo list` has all."""
    parents: str = "tournament"
    """How the parents of an offspring are drawn, by name."""
    islands: PositiveInt = 1
    """Populations that live apart; `population` is divided among them."""
    migrate_every: PositiveInt = 5
    """Generations from one visit between islands to the next."""
    migrants: NonNegativeInt = 2
    """How many of the best of an island visit the next one then; 0 for no visits."""

    def places(self, population: int) -> list[int]:
        """How many survive on each island, as evenly as it goes.

        >>> SelectionSettings(islands=3).places(10)
        [4, 3, 3]
        """
        least, left = divmod(population, self.islands)
        return [least + (island < left) for island in range(self.islands)]
