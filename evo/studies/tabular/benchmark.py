"""Run strategies on a pool with a budget of evaluations, over several seeds.

Every seed begins with one batch drawn at random, the same for all strategies; then a strategy
chooses batch by batch and sees the results of each. Nothing trains: to evaluate is to look up.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
import torch

from evo.core.arrays import Floats, Indices
from evo.core.errors import UsageError
from evo.core.records import Record
from evo.core.seeds import child
from evo.screening.efficiency import TOP_SHARE
from evo.screening.model import Example
from evo.screening.pool import POOL_TASK, pool_grounds, read_pool
from evo.studies.tabular.candidates import Candidates, candidates_of
from evo.studies.tabular.goal import Goal
from evo.studies.tabular.strategy import PoolState, Strategy


@dataclass(frozen=True)
class Table:
    """A pool to look results up in.

    Attributes:
        candidates: as strategies see them.
        examples: win rates, as the goal names them, and standard errors, (n,) each.
        goal: the win rate to maximise.
    """

    candidates: Candidates
    examples: Example
    goal: Goal = "b_wr"

    @classmethod
    def of(
        cls, records: Sequence[Record], *, goal: Goal = "b_wr", task: str = POOL_TASK
    ) -> "Table":
        """The table of a pool, see `evo.screening.pool.read_pool`."""
        examples = Example.of(getattr(record.scored, goal) for record in records)
        return cls(candidates_of(records, task=task), examples, goal)

    @classmethod
    def read(cls, pool: Path | None, *, goal: Goal = "b_wr") -> "Table":
        """The table of a pool's file; None is the pool that comes with evo.

        Raises:
            UsageError: the file cannot be read, or is no pool.
        """
        records = read_pool(pool)
        return cls.of(records, goal=goal, task=POOL_TASK if pool is None else pool_grounds(pool)[1])

    @property
    def truth(self) -> Floats:
        """(n,) the goal of all candidates."""
        return self.examples.value

    def best(self, share: float = TOP_SHARE) -> Indices:
        """Indices of the best share, at least one, the best first."""
        count = max(1, round(share * len(self.truth)))
        return np.argsort(-self.truth, kind="stable")[:count]


@dataclass(frozen=True)
class BenchmarkPlan:
    """Budget and seeds, the same for every strategy.

    Attributes:
        budget: evaluations, the first batch included.
        batch: evaluations between two choices.
        seeds: repetitions, at least two: an interval needs a spread.
        reach: win rate; the evaluations until it is first found are counted.
        seed: all draws are children of this one.
    """

    budget: int
    batch: int
    seeds: int
    reach: float
    seed: int = 0


@dataclass(frozen=True)
class StrategyResult:
    """The result of one strategy.

    Attributes:
        name: of the strategy.
        recall: (seeds, budget + 1) share of the best 5 % among the first k evaluated, k from 0.
        best: (seeds, budget) the goal of the best among the first k evaluated, k from 1.
        reached: (seeds,) evaluations until `BenchmarkPlan.reach` was found; the budget and one more
            where it was not.
        seconds: processor time of choosing, mean over seeds, without the time of features.
    """

    name: str
    recall: Floats
    best: Floats
    reached: Indices
    seconds: float


def measure(
    table: Table,
    strategies: Mapping[str, Callable[[], Strategy]],
    plan: BenchmarkPlan,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[StrategyResult]:
    """One result per strategy, in their order.

    Args:
        table: the pool.
        strategies: by name, a function that makes one, called once per seed.
        plan: budget, batches and seeds.
        on_progress: called with the number of searches done and their total.

    Raises:
        UsageError: the plan does not fit the pool, or a strategy made an invalid choice.
    """
    _expect(plan, table)
    torch.set_num_threads(1)  # quicker for small tensors, and bit-identical to a campaign
    total = len(strategies) * plan.seeds
    results: list[StrategyResult] = []
    for number, (name, make) in enumerate(strategies.items()):
        start = process_time() - table.candidates.seconds
        orders: list[Indices] = []
        for seed in range(plan.seeds):
            orders.append(search_pool(table, make(), plan, name=name, repetition=seed))
            if on_progress is not None:
                on_progress(number * plan.seeds + seed + 1, total)
        seconds = (process_time() - table.candidates.seconds - start) / plan.seeds
        results.append(_result(name, table, np.array(orders), plan, seconds))
    return results


def search_pool(
    table: Table, strategy: Strategy, plan: BenchmarkPlan, *, name: str, repetition: int
) -> Indices:
    """(budget,) indices of one search, in the order of evaluation.

    Raises:
        UsageError: the strategy chose other than `count` different unevaluated candidates.
    """
    count = len(table.candidates)
    order = child(plan.seed, "tabular", repetition).permutation(count)
    evaluated = order[: min(plan.batch, plan.budget)]
    while len(evaluated) < plan.budget:
        examples = Example(*(values[evaluated] for values in table.examples))
        state = PoolState(table.candidates, table.goal, evaluated, examples)
        batch = min(plan.batch, plan.budget - len(evaluated))
        rng = child(plan.seed, "tabular", repetition, name, len(evaluated))
        chosen = np.asarray(strategy.choose(state, batch, rng), dtype=np.int64)
        if len(np.unique(chosen)) != batch or np.setdiff1d(chosen, state.left).size:
            raise UsageError(
                f"Strategy {name!r} chose {chosen.tolist()}: expected {batch} different indices "
                "of candidates that have not been evaluated, see PoolState.left."
            )
        evaluated = np.concatenate([evaluated, chosen])
    return evaluated


def _result(
    name: str, table: Table, orders: Indices, plan: BenchmarkPlan, seconds: float
) -> StrategyResult:
    top = table.best()
    hits = np.isin(orders, top).cumsum(axis=1) / len(top)
    best = np.maximum.accumulate(table.truth[orders], axis=1)
    is_reached = best >= plan.reach
    reached = np.where(is_reached.any(axis=1), is_reached.argmax(axis=1) + 1, plan.budget + 1)
    share_found = np.hstack([np.zeros((len(orders), 1)), hits])
    return StrategyResult(name, share_found, best, reached, seconds)


def _expect(plan: BenchmarkPlan, table: Table) -> None:
    count = len(table.candidates)
    if not 1 <= plan.batch < plan.budget <= count:
        raise UsageError(
            f"Expected 1 ≤ batch < budget ≤ {count} (the candidates of the pool), got a batch of "
            f"{plan.batch} and a budget of {plan.budget}."
        )
    if plan.seeds < 2:
        raise UsageError(
            f"Expected at least 2 seeds, got {plan.seeds}: an interval needs a spread."
        )
    if plan.reach > table.truth.max():
        raise UsageError(
            f"Expected a win rate to reach of at most {table.truth.max():.3f}, the best of the "
            f"pool, got {plan.reach}."
        )
