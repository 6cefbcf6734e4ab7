"""Claim: evo's probabilities of being on the front are calibrated, and beat the measured front.

Simulates campaigns with a known true front: losses are quality + a trial's luck + noise, novelty
is exact. Compares four predictions of membership from the same trials: the front of the point
estimates (a probability of 0 or 1), evo's posterior draws, draws with independent measures, and
draws in which candidates share the luck of their trials. Prints the Brier score of each (mean
squared error of the probability, lower is better), and observed frequencies by probability.

Usage: python benchmarks/bench_front.py [--quick] [--campaigns N] [--draws N] [--settings N]
"""

import time
from collections.abc import Mapping, Sequence
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from sizes import Size, read_sizes

from archive.pareto import front, front_shares
from evo.core.estimate import Estimate
from evo.core.novelty import Novelty
from evo.core.records import BASELINE_OPERATOR, Candidate, Record, Score
from evo.core.trials import Trial
from evo.evaluation.statistics.win_rates import score
from evo.report.facts.objectives import Objective, objectives_of
from evo.report.facts.posterior import BaselineTrials, Belief

Floats = NDArray[np.float64]
Losses = dict[str, list[Trial]]

CANDIDATES = 60
FRONTS = [("b_wr", "n_behaviour"), ("b_wr", "bsota_wr", "n_behaviour")]
LAYOUTS = {"1 network, 4 seeds": (1, 4), "4 networks, 10 seeds": (4, 10)}
LUCK = {"luck is nothing": 0.0, "luck is half": 0.5}
SEARCHES = {"few are good": (-1.5, 1.0), "many are good": (0.5, 0.5)}
"""Mean and spread of the candidates' quality; that of baselines is evenly from -1 to 1."""
BASELINES = np.linspace(-1, 1, 12)
LUCK_OF_BASELINES = np.random.default_rng(0).standard_normal((4000, len(BASELINES)))
BINS = np.array([0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0])


class Untied(BaselineTrials):
    """Treats the measures of a candidate as independent."""

    def beliefs(self, record: Record) -> Mapping[str, Belief]:
        """The posteriors as measured, without correlation between measures."""
        return {
            key: belief._replace(weights=np.zeros(len(belief.weights)))
            for key, belief in super().beliefs(record).items()
        }


class Shared(BaselineTrials):
    """Correlates candidates as well: all candidates share the luck of a trial."""

    def draws(
        self,
        records: Sequence[Record],
        objectives: Sequence[Objective],
        *,
        count: int,
        rng: np.random.Generator,
    ) -> Floats:
        """Draws like evo's, from one table of luck; every candidate here has the same trials."""
        luck = rng.standard_normal((count, len(records[0].scored.trials)))
        drawn = super().draws(records, objectives, count=count, rng=rng)
        for (row, record), (place, objective) in product(enumerate(records), enumerate(objectives)):
            belief = self.beliefs(record).get(objective.key)
            if belief is not None and belief.weights.any():
                drawn[:, row, place] = belief.at(ndtr(luck @ belief.weights))
        return drawn


def campaign(
    layout: tuple[int, int], luck: float, search: tuple[float, float], rng: np.random.Generator
) -> tuple[list[Record], list[Record], dict[str, Floats]]:
    """Candidates and baselines with their trials, and the true measures (n,) each."""
    networks, seeds = layout
    quality = search[0] + search[1] * rng.standard_normal(CANDIDATES)
    quality = quality[:, None] + 0.3 * rng.standard_normal((CANDIDATES, networks))
    every = np.vstack([quality, np.tile(BASELINES[:, None], networks)])
    shape = (len(every), networks, seeds)
    losses = -every[:, :, None] + np.sqrt(luck) * rng.standard_normal(shape[1:])
    losses = np.exp(0.1 * (losses + np.sqrt(1 - luck) * rng.standard_normal(shape)))
    novelty = rng.random(CANDIDATES)
    noise = np.sqrt(1 - luck)
    rates = ndtr((quality[:, :, None] - BASELINES) / (np.sqrt(2) * noise)).mean(axis=(1, 2))
    best = (BASELINES + noise * LUCK_OF_BASELINES).max(axis=1)
    top_rates = ndtr((quality[:, :, None] - best) / noise).mean(axis=(1, 2))
    truth = {"b_wr": rates, "bsota_wr": top_rates, "n_behaviour": novelty}
    trials = [
        [
            Trial(0, "task", f"net{n}", s, 0.01, float(losses[row, n, s]), 0.5)
            for n, s in np.ndindex(networks, seeds)
        ]
        for row in range(len(every))
    ]
    rivals = {f"b{n}": theirs for n, theirs in enumerate(trials[CANDIDATES:])}
    candidates = [
        record(f"c{n}", score(trials[n], rivals), float(novelty[n])) for n in range(CANDIDATES)
    ]
    rate = Estimate(0.5, 0.5, 0.5)
    baselines = [
        record(id_, Score(0, theirs, rate, rate, rate, {}), 0.0) for id_, theirs in rivals.items()
    ]
    return candidates, baselines, truth


def record(id_: str, scored: Score, novelty: float) -> Record:
    """A record with the fields that a front reads."""
    candidate = Candidate(id_, "activation", "", (), BASELINE_OPERATOR if id_[0] == "b" else "x")
    return Record(candidate, 0, score=scored, novelty=Novelty(0.0, novelty, "", ""))


def predictions(
    candidates: list[Record],
    baselines: list[Record],
    keys: Sequence[str],
    *,
    seed: int,
    draws: int,
) -> dict[str, Floats]:
    """Predicted probability of being on the front, by prediction method: (n,)."""
    objectives = objectives_of(keys)
    points = [[objective.read(record) for objective in objectives] for record in candidates]
    plain = np.zeros(len(candidates))
    plain[front(points)] = 1
    predicted = {"front": plain}
    methods = {"evo": BaselineTrials, "untied": Untied, "shared": Shared}
    for name, method in methods.items():
        rng = np.random.default_rng(seed)
        drawn = method(baselines).draws(candidates, objectives, count=draws, rng=rng)
        predicted[name] = front_shares(list(drawn))
    return predicted


def main(campaigns: int, draws: int, settings: int) -> None:
    """Print one line per setting, then predicted probabilities against observed frequencies."""
    pairs_by_method: dict[tuple[int, str], list[Floats]] = {}
    start = time.process_time()
    print(f"{'Brier score':68} front     evo  untied  shared")
    for layout, luck, search, keys in islice(product(LAYOUTS, LUCK, SEARCHES, FRONTS), settings):
        of_setting: dict[str, list[Floats]] = {}
        for number in range(campaigns):
            rng = np.random.default_rng(number)
            candidates, baselines, truth = campaign(
                LAYOUTS[layout], LUCK[luck], SEARCHES[search], rng
            )
            is_on_front = np.zeros(CANDIDATES)
            is_on_front[front(np.stack([truth[key] for key in keys], axis=1))] = 1
            predicted = predictions(candidates, baselines, keys, seed=number, draws=draws)
            for name, shares in predicted.items():
                of_setting.setdefault(name, []).append(np.stack([shares, is_on_front], axis=1))
        briers = [np.mean(np.square(np.diff(np.concatenate(p)))) for p in of_setting.values()]
        setting = f"{len(keys)} objectives, {layout}, {luck}, {search}"
        print(f"{setting:68}", "  ".join(f"{brier:.4f}" for brier in briers), flush=True)
        for name, parts in of_setting.items():
            pairs_by_method.setdefault((len(keys), name), []).extend(parts)
    for (count, name), parts in pairs_by_method.items():
        pairs = np.concatenate(parts)
        brier = np.mean(np.square(np.diff(pairs)))
        sums = pairs.sum(axis=0)
        print(
            f"\n{count} objectives, {name}: Brier score {brier:.4f}, "
            f"{sums[0]:.0f} expected on the front, {sums[1]:.0f} are\n"
            "  predicted, observed, number"
        )
        for low, high in zip(BINS, [*BINS[1:-1], 1.01], strict=False):
            inside = pairs[(pairs[:, 0] >= low) & (pairs[:, 0] < high)]
            if len(inside):
                print(f"  {inside[:, 0].mean():.3f}  {inside[:, 1].mean():.3f}  {len(inside)}")
    print(f"\n{time.process_time() - start:.0f} processor seconds")


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            campaigns=Size(6, 1, "simulated campaigns per setting"),
            draws=Size(500, 40, "draws per probability"),
            settings=Size(999, 2, "settings at most"),
        )
    )
