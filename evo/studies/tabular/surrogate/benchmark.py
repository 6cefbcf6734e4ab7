"""Compare search strategies on the landscape, over several seeds and in several processes.

Every strategy runs the whole engine: its operators, checks, rungs, races, selection and history;
only training is replaced. The same seed gives all strategies the same named random draws.
"""

import math
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import NamedTuple

import numpy as np

from archive.novelty.novelty_archive import mean_distance
from archive.pareto import hypervolume
from evo.campaign.config import Config
from evo.core.arrays import Floats
from evo.core.errors import UsageError
from evo.core.performance import has_merit
from evo.core.records import Record
from evo.core.worth import leaders_by_worth
from evo.studies.tabular.surrogate.examples import grounds_of
from evo.studies.tabular.surrogate.landscape import Landscape
from evo.studies.tabular.surrogate.searching import check_search, search_landscape
from evo.studies.tabular.surrogate.strategies import DottedSettings, strategy_config

FRESH_SEEDS = range(1_000_000, 1_000_012)
"""Training seeds that no search uses."""
_QUARTERS = 4
_LEADERS = 24
"""The best candidates whose diversity is measured."""


@dataclass(frozen=True)
class SearchPlan:
    """Budget and seeds, the same for every strategy.

    Attributes:
        evaluations: candidates trained per search.
        seeds: searches per strategy, at least two: an interval needs a spread.
        reach: margin; the evaluations until a candidate truly has it are counted.
        seed: seed of the first search; the others follow it.
        data: folder of the landscape's examples; None for those that come with evo.
    """

    evaluations: int = 2000
    seeds: int = 20
    reach: float = 0.08
    seed: int = 0
    data: Path | None = None

    def __post_init__(self) -> None:
        if self.seeds < 2 or self.evaluations < _QUARTERS:
            raise UsageError(
                f"Expected at least 2 seeds and {_QUARTERS} evaluations, got {self.seeds} and "
                f"{self.evaluations}."
            )


class SearchFigures(NamedTuple):
    """The figures of one search.

    Attributes:
        seen: margin of its best candidate by worth (`evo.core.worth`), as it measured it.
        true: the same candidate's margin without noise.
        fresh: the same candidate's margin on fresh training seeds.
        top: highest margin without noise of all candidates evaluated.
        quarters: mean margin without noise per quarter of the evaluations.
        hypervolume: of margin without noise above 0 and N-score, over candidates with merit.
        diversity: mean distance in behaviour between the 24 best candidates.
        reached: evaluations until one truly had `SearchPlan.reach`; if none, all and one more.
        evaluations: candidates trained.
        seconds: processor time.
    """

    seen: float
    true: float
    fresh: float
    top: float
    quarters: tuple[float, ...]
    hypervolume: float
    diversity: float
    reached: int
    evaluations: int
    seconds: float


@dataclass(frozen=True)
class SearchResult:
    """The searches of one strategy, one per seed, in the order of seeds."""

    name: str
    searches: tuple[SearchFigures, ...]

    def values(self, name: str) -> Floats:
        """(seeds,) or (seeds, quarters): one figure of every search."""
        return np.array([getattr(search, name) for search in self.searches], dtype=np.float64)


def compare_strategies(
    strategies: Mapping[str, DottedSettings],
    plan: SearchPlan,
    *,
    changes: DottedSettings | None = None,
    processes: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[SearchResult]:
    """Search with every strategy and seed; one result per strategy, in their order.

    Args:
        strategies: settings by name, see `evo.studies.tabular.surrogate.strategies`.
        plan: budget and seeds.
        changes: settings of all strategies; a strategy's own win over them.
        processes: searches that run side by side; 1 runs them in this process.
        on_progress: called with the number of searches done and their total.

    Raises:
        UsageError: a setting is wrong; found before anything runs.
    """
    configs = {name: _sized(settings, changes or {}, plan) for name, settings in strategies.items()}
    tasks = [(name, seed) for seed in range(plan.seeds) for name in configs]
    seeded = [configs[name].model_copy(update={"seed": plan.seed + seed}) for name, seed in tasks]
    figures: dict[tuple[str, int], SearchFigures] = {}
    for place, result in _run_all(seeded, plan, processes):
        figures[tasks[place]] = result
        if on_progress is not None:
            on_progress(len(figures), len(tasks))
    return [
        SearchResult(name, tuple(figures[name, seed] for seed in range(plan.seeds)))
        for name in configs
    ]


def search_figures(
    records: Sequence[Record], landscape: Landscape, *, reach: float
) -> SearchFigures:
    """The figures of a finished search, without its processor time."""
    trained = [record for record in records if record.is_proposal and record.score is not None]
    landscape.learn(record.graphs for record in trained)
    truth = np.array([landscape.margin(record.graphs) for record in trained])
    ranked = leaders_by_worth(trained)
    best = ranked[0]
    arrived = np.flatnonzero(truth >= reach)
    return SearchFigures(
        seen=best.scored.margin.value,
        true=landscape.margin(best.graphs),
        fresh=landscape.measured(best.id, best.graphs, FRESH_SEEDS),
        top=float(truth.max()),
        quarters=tuple(float(part.mean()) for part in np.array_split(truth, _QUARTERS)),
        hypervolume=_hypervolume(trained, truth),
        diversity=mean_distance([record.behaviour_vector for record in ranked[:_LEADERS]]),
        reached=int(arrived[0]) + 1 if len(arrived) else len(trained) + 1,
        evaluations=len(trained),
        seconds=0.0,
    )


def _sized(settings: DottedSettings, changes: DottedSettings, plan: SearchPlan) -> Config:
    config = strategy_config(settings, changes, generations=1)
    generations = math.ceil(plan.evaluations / config.trainings)
    config = config.model_copy(update={"generations": generations})
    check_search(config, grounds_of(plan.data))
    return config


def _run_all(configs: Sequence[Config], plan: SearchPlan, processes: int):
    """Yield the place of each configuration and its figures, as they come."""
    if processes == 1:
        landscape = Landscape.shared(plan.data)
        for place, config in enumerate(configs):
            yield place, _search(config, landscape, plan)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        futures = {
            pool.submit(_search_in_worker, config, plan): place
            for place, config in enumerate(configs)
        }
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _search_in_worker(config: Config, plan: SearchPlan) -> SearchFigures:
    return _search(config, Landscape.shared(plan.data), plan)


def _search(config: Config, landscape: Landscape, plan: SearchPlan) -> SearchFigures:
    start = process_time()
    records = search_landscape(config, landscape, evaluations=plan.evaluations)
    seconds = process_time() - start
    figures = search_figures(records, landscape, reach=plan.reach)
    landscape.forget()
    return figures._replace(seconds=seconds)


def _hypervolume(records: Sequence[Record], truth: Floats) -> float:
    points = [
        (margin, record.archived.behaviour)
        for record, margin in zip(records, truth.tolist(), strict=True)
        if has_merit(record)
    ]
    return hypervolume(points, [0.0, 0.0]) if points else 0.0
