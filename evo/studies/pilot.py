"""A pilot of a task: a few baselines trained briefly, before a campaign is paid for.

It measures what a candidate costs, how far seeds differ, whether baselines can be told apart at
all, and how well the short rung ranks them as the long one does; from these it proposes a protocol.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evo.campaign import process
from evo.campaign.config import Config
from evo.campaign.learning import expect_learning
from evo.components.kinds import baseline_names, kinds
from evo.compute.numerics import sound_numerics
from evo.core.arrays import Floats
from evo.core.errors import EvoError, UselessCampaignError
from evo.core.records import Record
from evo.core.trials import Outcome, Trial
from evo.evaluation.protocol import Job, Protocol, Rung
from evo.evaluation.rungs import Runner, evaluate_baselines
from evo.evaluation.statistics.rank_agreement import kendall, loss_ranks
from evo.evaluation.strata import by_stratum
from evo.studies.noise import NoiseLevels, noise_of
from evo.validation.baselines import own_baselines

_SEEDS = 4
_FEWEST = 3
"""Baselines below which a ranking says nothing."""
_TRAININGS = 24
"""Trainings of a generation that is worth its selection."""
_MOST_GENERATIONS = 50


@dataclass(frozen=True)
class Pilot:
    """The measurements of a pilot.

    Attributes:
        config: with the pilot's protocol.
        records: the baselines, trained and scored.
        noise: by task and network, at the last rung.
        agreement: Kendall's τ of the first and the last rung; None where they are one.
        memory: bytes that a worker took; None where that was not measured.
        problem: why a campaign would stop at once; empty where it would not.
        workers: that trained.
    """

    config: Config
    records: Sequence[Record]
    noise: Mapping[str, NoiseLevels]
    agreement: float | None
    memory: int | None
    problem: str
    workers: int


def run_pilot(config: Config, *, baselines: int, watch: Callable[[str], None]) -> Pilot:
    """Train some of a kind's baselines on the configuration's tasks.

    Args:
        config: kind, tasks, device and protocol; of this the first and the last rung, with few
            seeds.
        baselines: number of them, spread over the list; the standard one is among them.
        watch: called with a line about each baseline that has trained at a rung.

    Raises:
        EvoError: they cannot be trained.
    """
    short = config.model_copy(update={"protocol": _short(config.protocol)})
    chosen = _spread(own_baselines(kinds.get(config.kind)()), baselines, config.kind)
    memory = None
    with sound_numerics(), process.workers(short) as pool:
        run = watched(pool.run, watch, short, baselines=len(chosen))
        names = baseline_names(config.kind)
        records = evaluate_baselines(run, short.protocol, chosen, names=names)
        try:
            peak = pool.peak_memory(chosen[0].graphs)
            memory = (peak and peak.bytes) or None  # too little to be seen
        except EvoError:
            memory = None  # what trains is no matter of the few steps that measure memory
        workers = pool.count
    problem = ""
    try:
        expect_learning(records, short.tasks)
    except UselessCampaignError as error:
        problem = str(error)
    return Pilot(
        short, records, _noise(records), _agreement(records, short), memory, problem, workers
    )


def watched(run: Runner, watch: Callable[[str], None], config: Config, *, baselines: int) -> Runner:
    """A runner that says of each training what it gave and how many there are.

    Args:
        run: trains.
        watch: called with a line per training.
        config: whose kind names the baselines, and whose rungs are trained.
        baselines: number of them.
    """
    names, rungs = baseline_names(config.kind), config.protocol.rungs
    numbers = itertools.count(1)

    def running(jobs: Sequence[Job]) -> Iterator[Outcome]:
        for outcome in run(jobs):
            name = names.get(outcome.id, outcome.id[:8])
            epochs = rungs[outcome.rung].epochs
            length = f"{epochs} epoch{'s' * (epochs != 1)}"
            watch(
                f"{next(numbers)} of {baselines * len(rungs)}: {name}, {_result_words(outcome)} "
                f"after {length}, {outcome.seconds:.1f} processor seconds"
            )
            yield outcome

    return running


def pilot_facts(pilot: Pilot, *, hours: float) -> dict[str, Any]:
    """The JSON document of `evo try --json`.

    Args:
        pilot: what was measured.
        hours: wall time that the proposed protocol may take.
    """
    names = baseline_names(pilot.config.kind)
    return {
        "kind": pilot.config.kind,
        "tasks": list(pilot.config.tasks),
        "baselines": [
            {"name": names.get(one.id, one.id[:8]), "seconds": one.seconds, **_results(one)}
            for one in pilot.records
        ],
        "memory_bytes": pilot.memory,
        "noise": {
            stratum: {
                "between_seeds": noise.seeds,
                "between_baselines": noise.components,
                "told_apart": noise.apart,
                "pairs": noise.pairs,
                "seeds_needed": noise.seeds_needed,
            }
            for stratum, noise in pilot.noise.items()
        },
        "rung_agreement": pilot.agreement,
        "problem": pilot.problem,
        "proposal": _proposal(pilot, hours=hours),
    }


def _short(protocol: Protocol) -> Protocol:
    """The first and the last rung with few seeds, all of which train at every learning rate."""
    epochs = dict.fromkeys((protocol.rungs[0].epochs, protocol.rungs[-1].epochs))
    rungs = tuple(Rung(epochs=count, seeds=_SEEDS) for count in epochs)
    update = {"rungs": rungs, "leaders": 0, "racing": False, "rate_seeds": _SEEDS}
    return protocol.model_copy(update=update)


def _spread(baselines: Sequence[Record], count: int, kind_name: str) -> list[Record]:
    """Some baselines, evenly over the list, the kind's standard one first."""
    names, standard = baseline_names(kind_name), kinds.get(kind_name).standard
    ordered = sorted(baselines, key=lambda one: names.get(one.id) != standard)
    places = np.linspace(0, len(ordered) - 1, min(count, len(ordered))).round().astype(int)
    return [ordered[place] for place in dict.fromkeys(places.tolist())]


def _noise(records: Sequence[Record]) -> dict[str, NoiseLevels]:
    strata: dict[str, list[Floats]] = {}
    for record in records:
        last = [t for t in record.scored.trials if t.rung == record.scored.rung]
        values = np.log(np.clip([trial.loss for trial in last], 1e-9, 1e9))
        for stratum, cells in by_stratum(last, values).items():
            strata.setdefault(f"{stratum.task}/{stratum.network}", []).append(cells)
    return {name: noise_of(np.stack(cells)) for name, cells in strata.items()}


def _agreement(records: Sequence[Record], config: Config) -> float | None:
    last = len(config.protocol.rungs) - 1
    if not last or len(records) < _FEWEST:
        return None
    ranks = [loss_ranks([_at(one.scored.trials, rung) for one in records]) for rung in (0, last)]
    return kendall(*ranks).value


def _at(trials: Sequence[Trial], rung: int) -> list[Trial]:
    return [trial for trial in trials if trial.rung == rung]


def _result_words(outcome: Outcome) -> str:
    """The mean loss of an outcome in words."""
    loss = _mean_loss(outcome.trials)
    return "no result" if loss is None else f"loss {loss:.4g}"


def _mean_loss(trials: Sequence[Trial]) -> float | None:
    """Mean loss of the trials that were not lost; None without any."""
    losses = [trial.loss for trial in trials if math.isfinite(trial.loss)]
    return float(np.mean(losses)) if losses else None


def _results(record: Record) -> dict[str, Any]:
    last = _at(record.scored.trials, record.scored.rung)
    ended = [trial for trial in last if math.isfinite(trial.loss)]
    return {
        "loss": _mean_loss(last),
        "metric": float(np.mean([trial.accuracy for trial in ended])) if ended else None,
        "lost": len(last) - len(ended),
    }


def _proposal(pilot: Pilot, *, hours: float) -> dict[str, Any]:
    """Settings of a campaign within the time, and what it would train."""
    protocol, kind = pilot.config.protocol, kinds.get(pilot.config.kind)()
    needed = max((noise.seeds_needed for noise in pilot.noise.values()), default=_SEEDS)
    last_seeds = max(needed, _SEEDS + 1)
    epochs = [protocol.rungs[0].epochs, protocol.rungs[-1].epochs]
    first, second = _seconds(pilot, epochs, last_seeds)
    known = len(kind.baselines())
    left = hours * 3600 * pilot.workers - known * (first + second)
    candidate = first + protocol.keep * second
    candidates = max(0, int(left / candidate))
    generations = max(1, min(_MOST_GENERATIONS, candidates // _TRAININGS))
    return {
        "hours": hours,
        "workers": pilot.workers,
        "first_rung_seconds": first,
        "both_rungs_seconds": first + second,
        "candidate_seconds": candidate,
        "baselines_hours": known * (first + second) / 3600 / pilot.workers,
        "candidates": candidates,
        "settings": {
            "kind": pilot.config.kind,
            "tasks": list(pilot.config.tasks),
            "generations": generations,
            "trainings": max(1, candidates // generations),
            "protocol": {
                "rungs": [
                    {"epochs": epochs[0], "seeds": _SEEDS},
                    {"epochs": epochs[1], "seeds": last_seeds},
                ],
                "learning_rates": list(protocol.learning_rates),
            },
        },
    }


def _seconds(pilot: Pilot, epochs: Sequence[int], last_seeds: int) -> tuple[float, float]:
    """Processor seconds of a candidate at the first rung, and more at the second one."""
    protocol, strata = pilot.config.protocol, len(pilot.noise)
    copies = _SEEDS * len(protocol.settings)  # the first heat trains every setting
    trained = strata * copies * sum(rung.epochs for rung in protocol.rungs)
    unit = strata * float(np.mean([record.seconds for record in pilot.records])) / trained
    first = unit * copies * epochs[0]
    goes_on = epochs[0] == epochs[1]  # what has trained as long counts again
    more = last_seeds - _SEEDS + (0 if goes_on else copies)
    return first, unit * more * epochs[1]
