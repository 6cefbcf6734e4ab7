"""Quality-diversity: the best of each behaviour niche survives, however good others are elsewhere.

A niche is a ball of behaviour around its best member. The *room* of an individual is the distance
to the nearest better one:

    room(i) = min over j better than i of √(‖bᵢ − bⱼ‖² / p),   ∞ for the best of all

b being the standardised outputs on the kind's probe, in p places; better is higher performance,
then higher novelty, then the lower id. The `count` with the largest rooms survive. So each survivor
is the best of everything within r of it, r being the smallest room among them: the radius grows
until exactly `count` niches are left, and needs no setting.

This is the competition of Dominated Novelty Search (Bahlous-Boldi et al. 2025, arXiv 2502.00593)
with one neighbour where they average over k, since with one a niche has a radius. It stands in for
the grid of MAP-Elites (Mouret & Clune 2015, arXiv 1504.04909), whose cells would have to be laid
before anybody knows which behaviours come.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from archive.novelty.novelty_archive import rms_distance
from evo.selection.base import Survival, survivals
from evo.selection.individual import Individual, best_first


@survivals.register("niches")
class Niches(Survival):
    """Quality-diversity: the best of each behaviour niche."""

    def __call__(self, individuals: Sequence[Individual], count: int) -> list[Individual]:
        """The `count` with the most room, the best of all first; their order changes nothing."""
        ranked = best_first(individuals)
        roomy = [
            replace(individual, crowding=room)
            for individual, room in zip(ranked, rooms(ranked), strict=True)
        ]
        # Stable: of two with the same room the better one comes first.
        return sorted(roomy, key=lambda individual: -individual.crowding)[:count]


def rooms(ranked: Sequence[Individual]) -> list[float]:
    """RMS distance from each to the nearest of those before it; infinite for the first."""
    if not ranked:
        return []
    vectors = np.stack([individual.record.behaviour_vector for individual in ranked])
    distances = (
        float(rms_distance(vector, vectors[:place]).min())
        for place, vector in enumerate(vectors[1:], start=1)
    )
    return [math.inf, *distances]
