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
from evo.campaign.baselines import behaviour_scale, raw_behaviour
from evo.campaign.steps import Recognise, Validate
from evo.components.base import Kind
from evo.core.records import Record, Status
from evo.validation.baselines import validated_baselines
from evo.validation.validator import Validator
from support.records import written

_FILE = Path(__file__).parents[1] / "golden" / "spellings.toml"


class Spelling(NamedTuple):
    """One way to write a function."""

    function: str
    way: str
    source: str


class Told(NamedTuple):
    """Pairs that a threshold on distances tells apart, rightly and wrongly.

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
    vectors = np.stack([scale(raw_behaviour(kind, record)) for record in baselines])
    archive = NoveltyArchive()
    no_text = np.ones((len(vectors), 1), dtype=np.float32)
    archive.add([record.id for record in baselines], no_text, vectors, baselines=True)
    records = Validate(validator)([written(source, kind=kind.name) for source in sources])
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
        names = np.array(functions)
        one, other = np.triu_indices(len(names), 1)
        self._same = names[one] == names[other]
        self._distances = np.stack([distance(vector, vectors) for vector in vectors])[one, other]

    def told(self, threshold: float) -> Told:
        """The pairs told apart when this is the largest distance of two that count as the same."""
        near = self._distances <= threshold
        same, found = int(self._same.sum()), int((self._same & near).sum())
        return Told(threshold, same, found, len(near) - same, int(near.sum()) - found)
