"""How well rewards can be learned from some candidates and foretold of others.

Candidates come from sources: an operator, a language model, a campaign. A model learns from each
source in turn and ranks the candidates of every source. Of its own source it ranks none that it
learned from: a fifth at a time is held out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evo.core.arrays import Floats
from evo.core.estimate import Estimate
from evo.core.seeds import child, child_seed
from evo.screening.efficiency import Efficiency, resampled
from evo.screening.features import Features, rows_of
from evo.screening.model import Example, RewardModel
from evo.screening.trust import Trust

Places = NDArray[np.int64]

FEWEST_CANDIDATES = 25
"""Candidates that a source needs."""
_FOLDS = 5


@dataclass(frozen=True)
class Ranked:
    """What a ranking is worth.

    Attributes:
        curve: share found against share evaluated.
        found: share of the best that a quarter of the evaluations finds.
        area: under the curve; 0.5 is chance.
    """

    curve: Efficiency
    found: Estimate
    area: Estimate


@dataclass(frozen=True)
class Evaluated:
    """Candidates that trained: what a model sees of them, and what came.

    Attributes:
        features: a row each.
        examples: their win rates.
        came: (n,) what selection saw, see `evo.selection.performance`.
        sources: (n,) names of where they come from.
    """

    features: Features
    examples: Example
    came: Floats
    sources: Sequence[str]

    def by_source(self) -> Mapping[str, Places]:
        """Places of the candidates of each source that has enough, by name in order."""
        names = np.array(self.sources)
        found = {name: np.flatnonzero(names == name) for name in sorted(set(self.sources))}
        return {name: places for name, places in found.items() if len(places) >= FEWEST_CANDIDATES}


@dataclass(frozen=True)
class Judgement:
    """What the rewards of some campaigns come to.

    Attributes:
        names: of the campaigns.
        evaluated: how many candidates it rests on.
        screening: whether the first campaign lets a model choose.
        trust: how far models of its latest generations could be relied on.
        overall: candidates of all campaigns, each ranked by a model that did not see it.
        by: what sources are: "operator", "model" or "campaign".
        pairs: learned from the first source, tested on the second.
    """

    names: Sequence[str]
    evaluated: int
    screening: bool
    trust: Trust
    overall: Ranked
    by: str
    pairs: dict[tuple[str, str], Ranked]


def held_out(evaluated: Evaluated, places: Places, *, seed: int) -> Floats:
    """B-WR expected of these candidates, each by a model of four fifths of the others: (n,)."""
    order = child(seed, "fold").permutation(len(places))
    expected = np.zeros(len(places))
    for fold in range(_FOLDS):
        out = order[fold::_FOLDS]
        taught = places[np.setdiff1d(np.arange(len(places)), out)]
        expected[out] = _foretold(evaluated, taught, places[out], seed=child_seed(seed, fold))
    return expected


def ranked(expected: Floats, came: Floats, *, seed: int) -> Ranked:
    """What ranking by these expectations is worth, with bootstrap intervals over candidates."""
    curve = Efficiency.of(expected, came)
    others = resampled(expected, came, child(seed, "bootstrap"))
    return Ranked(
        curve,
        _interval(curve.at(0.25), [other.at(0.25) for other in others]),
        _interval(curve.area, [other.area for other in others]),
    )


def matrix(evaluated: Evaluated, *, seed: int) -> dict[tuple[str, str], Ranked]:
    """For each pair of sources, what a model that learned from the first is worth on the second."""
    sources = evaluated.by_source()
    found: dict[tuple[str, str], Ranked] = {}
    for teacher, taught in sources.items():
        for test, asked in sources.items():
            expected = (
                held_out(evaluated, asked, seed=seed)
                if test == teacher
                else _foretold(evaluated, taught, asked, seed=seed)
            )
            found[teacher, test] = ranked(expected, evaluated.came[asked], seed=seed)
    return found


def _foretold(evaluated: Evaluated, taught: Places, asked: Places, *, seed: int) -> Floats:
    model = RewardModel.fit(
        rows_of(evaluated.features, taught),
        Example(*(values[taught] for values in evaluated.examples)),
        seed=seed,
    )
    return model.predict(rows_of(evaluated.features, asked)).b_wr


def _interval(value: float, resamples: Sequence[float]) -> Estimate:
    low, high = np.quantile(resamples, [0.025, 0.975])
    return Estimate(value, float(low), float(high))
