"""Parents drawn uniformly: selection pressure comes from survival alone."""

from collections.abc import Sequence

import numpy as np

from evo.selection.base import Parents, parent_draws
from evo.selection.individual import Individual


@parent_draws.register("uniform")
class Uniform(Parents):
    """Every survivor is equally likely."""

    def __call__(
        self, individuals: Sequence[Individual], count: int, rng: np.random.Generator
    ) -> list[Individual]:
        """`count` different parents, each as likely as any other."""
        places = rng.choice(len(individuals), size=min(count, len(individuals)), replace=False)
        return [individuals[int(place)] for place in places]
