"""Evaluate reward models: trained on some candidates, they rank others.

Candidates come from sources: an operator, a language model, a campaign. One model per source is
trained and ranks the candidates of every source. Within its own source it ranks none that it was
trained on: a fifth at a time is held out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from evo.core.arrays import Floats, Indices
from evo.core.estimate import Estimate
from evo.core.seeds import child
from evo.screening.efficiency import Efficiency, resampled
from evo.screening.features import Features, rows_of
from evo.screening.model import Example, Prediction, RewardModel
from evo.screening.trust import Trust

FEWEST_CANDIDATES = 25
"""Fewest candidates of a source that can be judged."""
FEWEST_TESTED = 8
"""Fewest candidates that forecasts are judged by."""
_FOLDS = 5


@dataclass(frozen=True)
class Ranked:
    """The quality of a ranking, with 95 % intervals.

    Attributes:
        curve: share of the best found by share evaluated.
        recall: share of the best among the first quarter.
        area: under the curve; 0.5 is chance.
    """

    curve: Efficiency
    recall: Estimate
    area: Estimate


@dataclass(frozen=True)
class Evaluated:
    """Evaluated candidates: features, win rates and performance.

    Attributes:
        features: one row per candidate.
        examples: their margins.
        performance: (n,), see `evo.selection.individual.performance`.
        sources: (n,) names of their sources.
    """

    features: Features
    examples: Example
    performance: Floats
    sources: Sequence[str]

    def by_source(self) -> Mapping[str, Indices]:
        """Indices of the candidates per source that has enough, by name in order."""
        names = np.array(self.sources)
        members = {name: np.flatnonzero(names == name) for name in sorted(set(self.sources))}
        return {name: some for name, some in members.items() if len(some) >= FEWEST_CANDIDATES}


@dataclass(frozen=True)
class Forecasts:
    """Margins predicted by models that did not see the candidates, and those measured.

    Attributes:
        expected: (n,) predicted.
        spread: (n,) standard deviations of the predictions.
        measured: (n,) margins.
        error: (n,) their standard errors.
    """

    expected: Floats
    spread: Floats
    measured: Floats
    error: Floats

    @property
    def deviations(self) -> Floats:
        """(n,) measured less predicted, in standard deviations of the difference."""
        spread = np.hypot(self.spread, self.error)
        return (self.measured - self.expected) / np.maximum(spread, 1e-6)

    @property
    def bias(self) -> float:
        """Mean of measured less predicted margin."""
        return float((self.measured - self.expected).mean())

    @property
    def overconfidence(self) -> float:
        """Root mean square of the deviations; 1 is calibrated, above it is too sure of itself."""
        return float(np.sqrt(np.square(self.deviations).mean()))

    @property
    def correlation(self) -> float:
        """Spearman's correlation of predicted and measured margins; 0 where one is constant."""
        # Imported late: it costs half a second, and only the report of a study needs it.
        from scipy.stats import rankdata  # noqa: PLC0415

        if np.ptp(self.expected) == 0 or np.ptp(self.measured) == 0:
            return 0.0
        return float(np.corrcoef(rankdata(self.expected), rankdata(self.measured))[0, 1])

    @property
    def contrast(self) -> float:
        """Deviation of the predictions in units of that of the results; 0 where they collapsed."""
        return float(self.expected.std() / max(float(self.measured.std()), 1e-9))

    def coverage(self, level: float) -> float:
        """Share measured within the central interval of this probability.

        >>> drawn = np.random.default_rng(0).standard_normal(10_000)
        >>> sure = Forecasts(0 * drawn, 0 * drawn + 0.5, drawn, 0 * drawn)
        >>> round(sure.coverage(0.95), 1)
        0.7
        """
        return float((np.abs(self.deviations) <= ndtri((1 + level) / 2)).mean())


@dataclass(frozen=True)
class Judgement:
    """Quality of a reward model's predictions for the candidates of some campaigns.

    Attributes:
        names: of the campaigns.
        evaluated: number of candidates behind it.
        screening: whether the first campaign lets a model choose.
        trust: in the models of its latest generations.
        overall: candidates of all campaigns, each ranked by a model that did not see it.
        by: what sources are: "operator", "model" or "campaign".
        pairs: by source learned from and source tested on.
        forecasts: for the candidates of all campaigns, each by a model that did not see it.
    """

    names: Sequence[str]
    evaluated: int
    screening: bool
    trust: Trust
    overall: Ranked
    by: str
    pairs: dict[tuple[str, str], Ranked]
    forecasts: Forecasts


def held_out(evaluated: Evaluated, indices: Indices, *, seed: int) -> Forecasts:
    """Forecasts for n candidates, each by a model fitted to four fifths of the others."""
    order = child(seed, "fold").permutation(len(indices))
    expected, spread = np.zeros(len(indices)), np.zeros(len(indices))
    for fold in range(_FOLDS):
        test = order[fold::_FOLDS]
        train = indices[np.setdiff1d(np.arange(len(indices)), test)]
        prediction = _predicted(evaluated, train, indices[test])
        expected[test], spread[test] = prediction.value, prediction.spread
    measured, error = (values[indices] for values in evaluated.examples)
    return Forecasts(expected, spread, measured, error)


def forward(evaluated: Evaluated, parts: Indices) -> dict[int, Forecasts]:
    """Forecasts for the candidates of each part by a model of all parts before it.

    Args:
        evaluated: the candidates.
        parts: (n,) number of the part that each is in.

    Returns:
        By number, without the parts that have, or come after, too few candidates.
    """
    forecasts: dict[int, Forecasts] = {}
    for part in sorted(set(parts.tolist())):
        train, test = np.flatnonzero(parts < part), np.flatnonzero(parts == part)
        if len(train) < FEWEST_CANDIDATES or len(test) < FEWEST_TESTED:
            continue
        prediction = _predicted(evaluated, train, test)
        measured, error = (values[test] for values in evaluated.examples)
        forecasts[part] = Forecasts(prediction.value, prediction.spread, measured, error)
    return forecasts


def ranked(expected: Floats, performance: Floats, *, seed: int) -> Ranked:
    """The quality of the ranking by expected values, with bootstrap intervals over candidates."""
    curve = Efficiency.of(expected, performance)
    resamples = resampled(expected, performance, child(seed, "bootstrap"))
    return Ranked(
        curve,
        _interval(curve.at(0.25), [other.at(0.25) for other in resamples]),
        _interval(curve.area, [other.area for other in resamples]),
    )


def matrix(evaluated: Evaluated, *, seed: int) -> dict[tuple[str, str], Ranked]:
    """For each pair of sources, how well a model learned from the first ranks the second."""
    sources = evaluated.by_source()
    pairs: dict[tuple[str, str], Ranked] = {}
    for teacher, train in sources.items():
        for target, test in sources.items():
            expected = (
                held_out(evaluated, test, seed=seed).expected
                if target == teacher
                else _predicted(evaluated, train, test).value
            )
            pairs[teacher, target] = ranked(expected, evaluated.performance[test], seed=seed)
    return pairs


def _predicted(evaluated: Evaluated, train: Indices, test: Indices) -> Prediction:
    """Prediction for the test candidates, by a model of the others."""
    model = RewardModel.fit(
        rows_of(evaluated.features, train),
        Example(*(values[train] for values in evaluated.examples)),
    )
    return model.predict(rows_of(evaluated.features, test))


def _interval(value: float, resamples: Sequence[float]) -> Estimate:
    low, high = np.quantile(resamples, [0.025, 0.975])
    return Estimate(value, float(low), float(high))
