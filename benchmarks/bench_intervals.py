"""Claim: intervals of win rates cover the truth in 93 to 97 % of cases, narrower than Student's.

The comparison is Student's interval over a task's trials plus one win and one loss, on the same
draws of simulated losses: quality + a trial's luck + noise. Candidates have true win rates that
are uniform between 3 and 97 %. Prints coverage, the ratio of mean widths and the time per call.

Usage: python benchmarks/bench_intervals.py [--quick] [--draws N] [--worlds N]
"""

import time
from collections.abc import Sequence
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit
from sizes import Size, read_sizes

from evo.evaluation.statistics.intervals import win_rate_interval

Floats = NDArray[np.float64]

LAYOUTS = [(2,), (1, 3), (2, 2), (2, 2, 2)]
"""Number of networks of each task."""
SEEDS = [4, 8, 16]
SPREADS = [0.0, 0.5, 1.5]
"""Spread of a candidate's quality between strata, in standard deviations of a loss."""
BANDS = [0.03, 0.1, 0.3, 0.7, 0.9, 0.97]
QUALITIES = np.linspace(-12, 12, 481)


class World(NamedTuple):
    """Parameters of the simulation that losses are drawn from.

    Attributes:
        correlation: of any two losses of a trial, by its luck.
        own_luck: whether a candidate's luck is independent of the baselines', so that it wins or
            loses against all of them together.
        apart: the qualities of the twelve baselines are from -apart to apart.
        lost: share of a candidate's trials that diverge.
    """

    correlation: float
    own_luck: bool = False
    apart: float = 1.0
    lost: float = 0.0

    @property
    def qualities(self) -> Floats:
        """Qualities of the baselines: (12,)."""
        return np.linspace(-self.apart, self.apart, 12)


WORLDS = {
    "luck is nothing": World(0.0),
    "luck is half": World(0.5),
    "luck is 9/10": World(0.9),
    "luck is half, own": World(0.5, own_luck=True),
    "luck is 9/10, own": World(0.9, own_luck=True),
    "baselines far apart": World(0.5, apart=3.0),
    "one in ten lost": World(0.5, lost=0.1),
    "far apart and lost": World(0.5, apart=3.0, lost=0.1),
}


class Draws(NamedTuple):
    """Values of trials (draws, strata, seeds) of candidates with these true win rates (draws,)."""

    values: Floats
    truth: Floats


class Outcome(NamedTuple):
    """Results of one method on one setting: coverage and width of each interval, (draws,)."""

    covers: NDArray[np.bool_]
    widths: Floats


def true_rates(world: World, *, best_only: bool) -> Floats:
    """Win rates of `QUALITIES` in one stratum."""
    noise = np.sqrt(1 - world.correlation)
    deviation = 1.0 if world.own_luck else noise
    if best_only:
        luck = np.sqrt(world.correlation) * ndtri((np.arange(10_000) + 0.5) / 10_000)
        draws = noise * np.random.default_rng(1).standard_normal((10_000, 12))
        best = (world.qualities + draws).min(axis=1) + (luck if world.own_luck else 0)
        rates = [ndtr((best - quality) / deviation).mean() for quality in QUALITIES]
    else:
        difference = np.sqrt(2) * deviation
        rates = ndtr((world.qualities - QUALITIES[:, None]) / difference).mean(axis=1)
    return (1 - world.lost) * np.array(rates)


def population(
    world: World,
    layout: Sequence[int],
    rates: Floats,
    rng: np.random.Generator,
    *,
    spread: float,
    draws: int,
) -> tuple[Floats, Floats]:
    """Qualities (draws, strata) of candidates and their true win rates; `layout` as `LAYOUTS`."""
    shares = np.repeat([1 / n for n in layout], layout) / len(layout)
    offsets = spread * rng.standard_normal((draws, len(shares)))
    target = (1 - world.lost) * rng.uniform(BANDS[0], BANDS[-1], draws)
    low, high = np.full(draws, -16.0), np.full(draws, 16.0)
    for _ in range(40):  # a higher quality is a higher loss is a lower rate
        middle = (low + high) / 2
        is_above = np.interp(middle[:, None] + offsets, QUALITIES, rates) @ shares > target
        low, high = np.where(is_above, middle, low), np.where(is_above, high, middle)
    qualities = low[:, None] + offsets
    return qualities, np.interp(qualities, QUALITIES, rates) @ shares


def trials(
    world: World, qualities: Floats, rng: np.random.Generator, *, seeds: int, best_only: bool
) -> Floats:
    """Values (draws, strata, seeds) of one measurement of each candidate."""
    shape = (*qualities.shape, seeds)
    luck, noise = np.sqrt(world.correlation), np.sqrt(1 - world.correlation)
    shared = rng.standard_normal(shape)
    theirs = world.qualities + luck * shared[..., None] + noise * rng.standard_normal((*shape, 12))
    own_luck = rng.standard_normal(shape) if world.own_luck else shared
    losses = qualities[..., None] + luck * own_luck + noise * rng.standard_normal(shape)
    losses[rng.random(shape) < world.lost] = np.inf
    rivals = theirs.min(axis=-1, keepdims=True) if best_only else theirs
    return (losses[..., None] < rivals).mean(axis=-1)


def ours(data: Draws, layout: Sequence[int], *, rivals: int) -> Outcome:
    """Results of evo's intervals; repeated draws are computed once."""
    cuts = np.cumsum(layout)[:-1]
    distinct, which = np.unique(np.sort(data.values, axis=2), axis=0, return_inverse=True)
    intervals = np.array(
        [
            win_rate_interval([list(part) for part in np.split(values, cuts)], rivals=rivals)
            for values in distinct
        ]
    )[which.ravel()]
    return outcome(intervals[:, 0], intervals[:, 1], data.truth)


def student(data: Draws, layout: Sequence[int]) -> Outcome:
    """Results of Student's interval over each task's trials plus one win and one loss."""
    parts = np.split(data.values, np.cumsum(layout)[:-1], axis=1)
    padded = [np.pad(part.reshape(len(part), -1), ((0, 0), (1, 0))) for part in parts]
    padded = [np.pad(part, ((0, 0), (0, 1)), constant_values=1.0) for part in padded]
    centre = np.mean([part.mean(axis=1) for part in padded], axis=0)
    variance = np.sum([part.var(axis=1, ddof=1) / part.shape[1] for part in padded], axis=0)
    freedom = sum(part.shape[1] - 1 for part in padded)
    reach = stdtrit(freedom, 0.975) * np.sqrt(variance) / len(layout)
    value = np.mean([part.mean(axis=(1, 2)) for part in parts], axis=0)
    low, high = np.minimum(value, centre - reach), np.maximum(value, centre + reach)
    return outcome(np.maximum(low, 0), np.minimum(high, 1), data.truth)


def outcome(low: Floats, high: Floats, truth: Floats) -> Outcome:
    """Results of intervals from `low` to `high`, (draws,) each."""
    return Outcome((low <= truth) & (truth <= high), high - low)


def in_range(coverages: Sequence[float]) -> str:
    """Lowest, mean and highest coverage in percent."""
    low, mean, high = (100 * f(coverages) for f in (np.min, np.mean, np.max))
    return f"{low:5.1f} {mean:5.1f} {high:5.1f}"


def compare(
    name: str, world: World, rng: np.random.Generator, *, best_only: bool, draws: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Print a line over all settings of a world; return (true rate, covered) of all draws."""
    rates = true_rates(world, best_only=best_only)
    pairs: list[tuple[Outcome, Outcome]] = []
    truths: list[Floats] = []
    outside: list[str] = []
    for layout, seeds, spread in product(LAYOUTS, SEEDS, SPREADS):
        qualities, truth = population(world, layout, rates, rng, spread=spread, draws=draws)
        data = Draws(trials(world, qualities, rng, seeds=seeds, best_only=best_only), truth)
        pair = ours(data, layout, rivals=1 if best_only else 12), student(data, layout)
        pairs.append(pair)
        truths.append(data.truth / (1 - world.lost))
        if not 0.93 <= (coverage := pair[0].covers.mean()) <= 0.97:
            outside.append(f"    {coverage:.1%}: networks {layout}, seeds {seeds}, spread {spread}")
    new, old = ([o.covers.mean() for o in side] for side in zip(*pairs, strict=True))
    widths, old_widths = ([o.widths.mean() for o in side] for side in zip(*pairs, strict=True))
    print(
        f"{name:20} {in_range(new)}  {in_range(old)}   {np.mean(widths):.3f}  "
        f"{np.mean(np.array(widths) / old_widths):.2f}",
        *outside,
        sep="\n",
        flush=True,
    )
    return np.concatenate(truths), np.concatenate([pair[0].covers for pair in pairs])


def call_ms(layout: Sequence[int], *, rivals: int) -> float:
    """Milliseconds of one interval with eight seeds, the median of 300."""
    rng = np.random.default_rng(0)
    times: list[float] = []
    for _ in range(300):
        strata = [[rng.integers(0, rivals + 1, 8) / rivals for _ in range(n)] for n in layout]
        start = time.perf_counter()
        win_rate_interval(strata, rivals=rivals)
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def main(draws: int, worlds: int) -> None:
    """Print one table per measure, with one line per world."""
    error = 22 / draws**0.5
    print(f"{draws} draws per setting: a coverage of 95 % has a standard error of {error:.1f} %")
    for best_only, measure in [(False, "B-WR"), (True, "BSOTA-WR")]:
        print(f"\n{measure:20} coverage %: low mean high over {len(LAYOUTS) * 9} settings")
        print(f"{'':20} {'ours':^17}  {'Student':^17}   width  ours / Student")
        rng = np.random.default_rng(7)
        results = [
            compare(name, world, rng, best_only=best_only, draws=draws)
            for name, world in list(WORLDS.items())[:worlds]
        ]
        truth, covers = (np.concatenate(parts) for parts in zip(*results, strict=True))
        bands = [(a, b, covers[(truth >= a) & (truth < b)].mean()) for a, b in pairwise(BANDS)]
        print("by true rate:", ", ".join(f"{a:.0%}-{b:.0%} {c:.1%}" for a, b, c in bands))
        times = [f"{call_ms(x, rivals=1 if best_only else 12):.2f}" for x in [(2,), (2, 2, 2)]]
        print(f"time per call with 2 and 6 strata: {' and '.join(times)} ms")


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            draws=Size(800, 20, "simulated candidates per setting"),
            worlds=Size(len(WORLDS), 1, "simulations that losses are drawn from, at most"),
        )
    )
