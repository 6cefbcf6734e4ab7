"""Individuals that a person has pinned, which always survive, or banned, which are no parents.

A ban covers what computes nearly the same as well: the constants of a good parent are tuned again
and again, and with one of its variants in the population the ban would mean nothing. Nearly is an
RMS distance of behaviour below 0.05, a twentieth of the spread of the baselines' outputs. Baselines
are banned by name alone, and what is pinned is not banned by its likeness.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from archive.novelty.novelty_archive import rms_distance
from evo.core.records import Vector
from evo.selection.individual import Individual

NEARLY_THE_SAME = 0.05
"""RMS distance of behaviour within which a ban covers another component."""


@dataclass(frozen=True)
class Choices:
    """A person's choices, and the individuals that they are about, as history brings them.

    Attributes:
        pinned: ids of those that survive.
        banned: ids of those that are no parents.
        pinned_ever: ids that were pinned at any time, which history may name as survivors long
            after they had died out.
    """

    pinned: frozenset[str] = frozenset()
    banned: frozenset[str] = frozenset()
    pinned_ever: frozenset[str] = frozenset()
    _known: dict[str, Individual] = field(default_factory=dict[str, Individual])
    _vectors: dict[str, Vector] = field(default_factory=dict[str, Vector])

    def take(self, newborn: Iterable[Individual]) -> None:
        """Note those of a generation that a choice is about."""
        for individual in newborn:
            record = individual.record
            if record.id in self.pinned_ever:
                self._known.setdefault(record.id, individual)
            if record.id in self.banned:
                self._vectors[record.id] = record.behaviour_vector

    @property
    def revived(self) -> dict[str, Individual]:
        """Those that were pinned at any time, by id."""
        return dict(self._known)

    def applied(self, individuals: Sequence[Individual]) -> list[Individual]:
        """The individuals without those banned, and with those pinned."""
        allowed = self.allowed(individuals)
        present = {individual.record.id for individual in allowed}
        missing = [
            individual
            for id_, individual in self._known.items()
            if id_ in self.pinned and id_ not in present
        ]
        return [*allowed, *missing]

    def allowed(self, individuals: Sequence[Individual]) -> list[Individual]:
        """The individuals that are not banned; all of them where every one is."""
        if not self._vectors:
            return list(individuals)
        vectors = np.stack(list(self._vectors.values()))
        return [i for i in individuals if not self._is_banned(i, vectors)] or list(individuals)

    def _is_banned(self, individual: Individual, vectors: Vector) -> bool:
        record = individual.record
        if record.id in self.banned:
            return True
        if record.is_baseline or record.id in self.pinned:
            return False
        return float(rms_distance(record.behaviour_vector, vectors).min()) < NEARLY_THE_SAME
