"""Claim: a probability to be on the front means what it says, and says more than the front does.

Campaigns are simulated whose true front is known: losses are quality + the luck of a trial +
noise, novelty is exact. Three ways to say who is on the front, on the same trials: the front of
the point estimates (a probability of 0 or 1), draws that take candidates for independent, and the
draws that evo makes, tied by the trials that candidates share. Prints the Brier score of each
(mean squared error of the probability, less is better), and for what is said the share that is so.

Usage: python benchmarks/bench_front.py [campaigns a setting, 60 by default: some three minutes]
"""

import sys
import time
from collections.abc import Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from archive.pareto import front, front_shares
from evo.evaluation.win_rates import score
from evo.report.draws import Belief, Trials
from evo.report.objectives import objectives_of
from evo.types import BASELINE_OPERATOR, Candidate, Novelty, Record, Score, Trial, WinRate

Floats = NDArray[np.float64]
Losses = dict[str, list[Trial]]

CANDIDATES, DRAWS = 60, 500
OBJECTIVES = objectives_of(("b_wr", "n_behaviour"))
LAYOUTS = {"1 network, 4 seeds": (1, 4), "4 networks, 10 seeds": (4, 10)}
LUCK = {"luck is nothing": 0.0, "luck is half": 0.5}
SEARCHES = {"few are good": (-1.5, 1.0), "many are good": (0.5, 0.5)}
"""Mean and spread of the candidates' quality; that of baselines is evenly from -1 to 1."""
BASELINES = np.linspace(-1, 1, 12)
BINS = np.array([0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0])


class Untied(Trials):
    """Takes every candidate's luck for its own."""

    def beliefs(self, record: Record) -> Mapping[str, Belief]:
        """As measured, but no trial is shared."""
        return {
            key: belief._replace(weights=np.zeros(len(belief.weights)))
            for key, belief in super().beliefs(record).items()
        }


def campaign(
    layout: tuple[int, int], luck: float, search: tuple[float, float], rng: np.random.Generator
) -> tuple[list[Record], list[Record], Floats]:
    """Candidates and baselines with their trials, and the true measures (n, 2)."""
    networks, seeds = layout
    quality = search[0] + search[1] * rng.standard_normal(CANDIDATES)
    quality = quality[:, None] + 0.3 * rng.standard_normal((CANDIDATES, networks))
    every = np.vstack([quality, np.tile(BASELINES[:, None], networks)])
    shape = (len(every), networks, seeds)
    losses = -every[:, :, None] + np.sqrt(luck) * rng.standard_normal(shape[1:])
    losses = np.exp(0.1 * (losses + np.sqrt(1 - luck) * rng.standard_normal(shape)))
    novelty = rng.random(CANDIDATES)
    gaps = (quality[:, :, None] - BASELINES) / np.sqrt(2 * (1 - luck))
    truth = np.stack([ndtr(gaps).mean(axis=(1, 2)), novelty], axis=1)
    trials = [
        [
            Trial(0, "task", f"net{n}", s, 0.01, float(losses[row, n, s]), 0.5)
            for n, s in np.ndindex(networks, seeds)
        ]
        for row in range(len(every))
    ]
    rivals = {f"b{n}": own for n, own in enumerate(trials[CANDIDATES:])}
    candidates = [
        record(f"c{n}", score(trials[n], rivals), float(novelty[n])) for n in range(CANDIDATES)
    ]
    rate = WinRate(0.5, 0.5, 0.5)
    known = [record(id_, Score(0, own, rate, rate, 0.0, {}), 0.0) for id_, own in rivals.items()]
    return candidates, known, truth


def record(id_: str, scored: Score, novelty: float) -> Record:
    """A record with what a front reads of it."""
    candidate = Candidate(id_, "activation", "", (), BASELINE_OPERATOR if id_[0] == "b" else "x")
    return Record(candidate, 0, score=scored, novelty=Novelty(0.0, novelty, "", ""))


def said(candidates: list[Record], known: list[Record], seed: int) -> dict[str, Floats]:
    """The probability to be on the front, by each way to say it: (n,)."""
    points = [[each.read(record) for each in OBJECTIVES] for record in candidates]
    plain = np.zeros(len(candidates))
    plain[front(points)] = 1
    found = {"front": plain}
    for name, trials in (("untied", Untied(known)), ("tied", Trials(known))):
        rng = np.random.default_rng(seed)
        drawn = trials.draws(candidates, OBJECTIVES, count=DRAWS, rng=rng)
        found[name] = front_shares(list(drawn))
    return found


def main() -> None:
    """Every setting, a line each; then what was said against what was so."""
    campaigns = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    everything: dict[str, list[Floats]] = {}
    start = time.process_time()
    print(f"{'Brier score':58} front  untied  tied")
    for layout, luck, search in product(LAYOUTS, LUCK, SEARCHES):
        here: dict[str, list[Floats]] = {}
        for number in range(campaigns):
            rng = np.random.default_rng(number)
            candidates, known, truth = campaign(LAYOUTS[layout], LUCK[luck], SEARCHES[search], rng)
            is_so = np.zeros(CANDIDATES)
            is_so[front(truth)] = 1
            for name, shares in said(candidates, known, number).items():
                here.setdefault(name, []).append(np.stack([shares, is_so], axis=1))
        briers = [np.mean(np.square(np.diff(np.concatenate(own)))) for own in here.values()]
        print(f"{f'{layout}, {luck}, {search}':58}", *(f"{brier:.4f}" for brier in briers))
        for name, own in here.items():
            everything.setdefault(name, []).extend(own)
    for name, own in everything.items():
        pairs = np.concatenate(own)
        print(f"\n{name}: Brier {np.mean(np.square(np.diff(pairs))):.4f}\n  said    so    cases")
        for low, high in zip(BINS, [*BINS[1:-1], 1.01], strict=False):
            inside = pairs[(pairs[:, 0] >= low) & (pairs[:, 0] < high)]
            if len(inside):
                print(f"  {inside[:, 0].mean():.3f}  {inside[:, 1].mean():.3f}  {len(inside)}")
    print(f"\n{time.process_time() - start:.0f} processor seconds")


if __name__ == "__main__":
    main()
