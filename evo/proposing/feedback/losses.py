"""Test losses of components, kept small, and paired comparisons of two of them.

Two components that trained on the same task, network and seed saw the same weights, batches and
test data, so their difference is taken trial by trial.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from evo.core.arrays import Floats
from evo.core.estimate import Estimate
from evo.core.trials import Trial
from evo.evaluation.statistics.mean import stratified_mean, student_mean
from evo.evaluation.strata import Stratum
from operators.briefing import NetworkResult

_MOST = 3.0
"""Log-ratios are taken within ±3, as margins are."""


class _Key(NamedTuple):
    """The task, network and seed of a trial."""

    stratum: Stratum
    seed: int


class _AtRung(NamedTuple):
    """The losses of one rung: (trials,) values, one per key."""

    keys: tuple[_Key, ...]
    values: Floats


class Losses:
    """The test losses of one component by rung; lost trials are `inf`.

    Args:
        trials: of all rungs that it reached.

    Attributes:
        rung: the highest.
        learning_rates: picked at that rung, by stratum.
    """

    def __init__(self, trials: Sequence[Trial]) -> None:
        self._at: dict[int, _AtRung] = {}
        self.rung = max(trial.rung for trial in trials)
        for rung in sorted({trial.rung for trial in trials}):
            members = [trial for trial in trials if trial.rung == rung]
            keys = tuple((t.task, t.network, t.seed) for t in members)
            self._at[rung] = _AtRung(_shared(keys), np.array([t.loss for t in members]))
        self.learning_rates = {
            Stratum(t.task, t.network): t.learning_rate for t in trials if t.rung == self.rung
        }

    def at(self, rung: int) -> _AtRung:
        """The losses at a rung that was reached."""
        return self._at[rung]

    def by_stratum(self, rung: int) -> dict[Stratum, tuple[list[int], Floats]]:
        """Seeds and losses at a rung, by stratum in the order of trials."""
        keys, values = self._at[rung]
        places: dict[Stratum, list[int]] = {}
        for place, key in enumerate(keys):
            places.setdefault(key.stratum, []).append(place)
        return {s: ([keys[i].seed for i in rows], values[rows]) for s, rows in places.items()}


@lru_cache(maxsize=512)  # most components of a rung trained on the same
def _shared(keys: tuple[tuple[str, str, int], ...]) -> tuple[_Key, ...]:
    return tuple(_Key(Stratum(task, network), seed) for task, network, seed in keys)


class Effect(NamedTuple):
    """A paired comparison; above 0 the child gains.

    Attributes:
        mean: over common trials of log(parent's loss / child's loss), tasks alike.
        trainings: number of these trials.
    """

    mean: Estimate
    trainings: int


def effect(child: Losses, parent: Losses) -> Effect | None:
    """The effect of a change, at the highest rung that parent and child reached.

    None where a network has fewer than two common trials.
    """
    rung = min(child.rung, parent.rung)
    ours, theirs = child.at(rung), parent.at(rung)
    if ours.keys == theirs.keys:
        keys, ratios = ours.keys, _log_ratio(ours.values, theirs.values)
    else:
        known = dict(zip(theirs.keys, theirs.values.tolist(), strict=True))
        shared = [place for place, key in enumerate(ours.keys) if key in known]
        keys = tuple(ours.keys[place] for place in shared)
        ratios = _log_ratio(ours.values[shared], np.array([known[key] for key in keys]))
    cells: dict[str, dict[str, list[float]]] = {}
    for key, ratio in zip(keys, ratios.tolist(), strict=True):
        networks = cells.setdefault(key.stratum.task, {})
        networks.setdefault(key.stratum.network, []).append(ratio)
    strata = [[np.array(cell) for cell in networks.values()] for networks in cells.values()]
    if not strata or any(len(cell) < 2 for task in strata for cell in task):
        return None
    return Effect(stratified_mean(strata).estimate(), len(keys))


def network_results(candidate: Losses, baselines: Mapping[str, Losses]) -> list[NetworkResult]:
    """The result on each network at the highest rung, against the known components by name."""
    results: list[NetworkResult] = []
    names = list(baselines)
    theirs = [baselines[name].by_stratum(candidate.rung) for name in names]
    for stratum, (seeds, losses) in candidate.by_stratum(candidate.rung).items():
        known = np.stack([_on(seeds, other[stratum]) for other in theirs])
        margins = _log_ratio(losses, known.min(axis=0))
        strongest = int(np.argmin(np.log(np.maximum(known, 1e-12)).clip(max=10).mean(axis=1)))
        margin = student_mean(margins) if len(margins) > 1 else Estimate(*[float(margins[0])] * 3)
        rate = candidate.learning_rates[stratum]
        loss = float(losses.mean())
        results.append(NetworkResult(*stratum, margin, names[strongest], rate, loss))
    return results


def _on(seeds: Sequence[int], losses: tuple[list[int], Floats]) -> Floats:
    """The losses of these seeds, in order."""
    of_seed = dict(zip(losses[0], losses[1].tolist(), strict=True))
    return np.array([of_seed[seed] for seed in seeds])


def _log_ratio(losses: Floats, others: Floats) -> Floats:
    """log(others / losses), within ±3; a lost trial is behind all but another lost one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(others) - np.log(losses)
    return np.clip(np.where(np.isnan(ratio), 0.0, ratio), -_MOST, _MOST)
