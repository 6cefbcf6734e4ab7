"""Functions in several spellings each, and what a descriptor makes of them.

A descriptor is good at telling duplicates if it puts the spellings of one function close together
and different functions apart. The sources are those of `tests/golden/spellings.toml`.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archive.novelty.novelty_archive import Distance, NoveltyArchive
from evo.campaign.baselines import behaviour_of, behaviour_scale, validated_baselines
from evo.campaign.steps import Recognise, Validate
from evo.components.base import Kind
from evo.core.records import Candidate, Record, Status
from evo.validation.validator import Validator

_FILE = Path(__file__).parents[1] / "golden" / "spellings.toml"


class Spelling(NamedTuple):
    """One way to write a function."""

    function: str
    way: str
    source: str


class Told(NamedTuple):
    """What a threshold on distances says of all pairs.

    Attributes:
        threshold: pairs up to this distance count as the same function.
        equal: pairs that are.
        found: of these, how many are told.
        different: pairs that are not.
        wrong: of these, how many are taken for the same.
    """

    threshold: float
    equal: int
    found: int
    different: int
    wrong: int


def spellings() -> list[Spelling]:
    """All of them, the ways of a function side by side."""
    table: dict[str, dict[str, str]] = tomllib.loads(_FILE.read_text())
    return [
        Spelling(function, way, source)
        for function, ways in table.items()
        for way, source in ways.items()
    ]


def recognised(kind: Kind, validator: Validator, sources: Sequence[str]) -> list[Record]:
    """The sources as a campaign's first generation has them before training.

    Validated and recognised among the baselines: each has a behaviour vector and is a DUPLICATE
    where it computes what a baseline or an earlier one does.
    """
    baselines = validated_baselines(kind, validator)
    scale = behaviour_scale(kind, baselines)
    vectors = np.stack([scale(behaviour_of(kind, record)) for record in baselines])
    archive = NoveltyArchive()
    no_text = np.ones((len(vectors), 1), dtype=np.float32)
    archive.add([record.id for record in baselines], no_text, vectors, baselines=True)
    records = Validate(validator)(
        [Record(Candidate.of(kind.name, source, operator="test"), 1) for source in sources]
    )
    refused = [record.reason for record in records if record.status is Status.INVALID]
    assert not refused, f"the walls refuse what they should not: {refused}"
    return Recognise(kind, scale, archive)(records)


class Pairs:
    """All pairs of spellings.

    Args:
        vectors: (n, d), one a spelling.
        functions: the function of each.
        distance: from a vector to several.
    """

    def __init__(
        self, vectors: NDArray[np.float32], functions: Sequence[str], distance: Distance
    ) -> None:
        self._names = np.array(functions)
        self._all = np.stack([distance(vector, vectors) for vector in vectors])
        one, other = np.triu_indices(len(self._names), 1)
        self._same = self._names[one] == self._names[other]
        self._distances = self._all[one, other]

    def told(self, threshold: float) -> Told:
        """What is told when the largest distance of two that count as the same is this."""
        near = self._distances <= threshold
        same, found = int(self._same.sum()), int((self._same & near).sum())
        return Told(threshold, same, found, len(near) - same, int(near.sum()) - found)

    def best(self) -> Told:
        """At the threshold with the highest F1 = 2 · found / (found + wrong + equal)."""
        found = [self.told(float(each)) for each in np.unique(self._distances[self._same])]
        return max(found, key=lambda told: 2 * told.found / (told.found + told.wrong + told.equal))

    def without_error(self) -> Told:
        """At the largest threshold that takes no two different functions for one."""
        return self.told(float(np.nextafter(self._distances[~self._same].min(), -np.inf)))

    def farthest_equal(self) -> float:
        """The largest distance between two spellings of one function."""
        return float(self._distances[self._same].max())

    def closest(self) -> dict[tuple[str, str], float]:
        """The distance between each two different functions at their nearest, ascending."""
        one, other = np.triu_indices(len(self._names), 1)
        found: dict[tuple[str, str], float] = {}
        for place in np.argsort(self._distances, kind="stable"):
            if not self._same[place]:
                pair = str(self._names[one[place]]), str(self._names[other[place]])
                found.setdefault(pair, float(self._distances[place]))
        return found

    def nearest(self) -> float:
        """Share of spellings whose nearest neighbour computes the same."""
        others = self._all + np.diag(np.full(len(self._all), np.inf))
        return float(np.mean(self._names[others.argmin(axis=1)] == self._names))

    def area(self) -> float:
        """Chance that two equal ones are nearer than two different ones; 1 tells them apart."""
        same, different = self._distances[self._same], np.sort(self._distances[~self._same])
        below, up_to = (np.searchsorted(different, same, side) for side in ("left", "right"))
        return float(1 - (below + up_to).mean() / 2 / len(different))
