"""Claim: rungs and races find the same winners for a part of the training time.

Evaluates a pool of offspring of the baselines three times: all in full, with rungs, and with rungs
and races. Trials are deterministic, so results are shared between the three, and the processor time
of each is the sum over the heats that it needs. Prints candidates per minute and core, the ratios,
and how many of the full evaluation's best each one finds.

Usage: python benchmarks/bench_racing.py [--quick] [--pools N] [--size N] [--shorter N]
    [--baselines N] [--networks N]
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import mean

from sizes import Size, read_sizes

from evo.campaign import process
from evo.campaign.config import Config
from evo.campaign.steps import Validate
from evo.components.base import Kind
from evo.components.kinds import kinds
from evo.compute.workers import Workers
from evo.core.records import Candidate, Record, Status
from evo.core.seeds import child
from evo.core.trials import JobKey, Outcome, Trial
from evo.evaluation.protocol import Job, Protocol
from evo.evaluation.rungs import Evaluator, evaluate_baselines
from evo.validation.baselines import validated_baselines
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator
from operators.base import WritingOperator
from operators.portfolio import Portfolio, write_offspring

BEST = 4
CONFIG = Config.model_validate({"trainings": 36})


class Recorded:
    """Trains each job once, and sums up the seconds of all jobs, repeated ones included."""

    def __init__(self, pool: Workers) -> None:
        self._pool = pool
        self._known: dict[JobKey, Outcome] = {}
        self.seconds = 0.0

    def __call__(self, jobs: Sequence[Job]) -> Iterable[Outcome]:
        """An outcome for each job."""
        for outcome in self._pool.run([job for job in jobs if job.key not in self._known]):
            self._known[outcome.key] = outcome
        outcomes = [self._known[job.key] for job in jobs]
        self.seconds += sum(outcome.seconds for outcome in outcomes)
        return outcomes


def offspring(kind: Kind, validator: Validator, seed: int, count: int) -> list[Record]:
    """Different valid offspring of the baselines."""
    portfolio = Portfolio(CONFIG.operators)
    parents = [Record(candidate, 0) for candidate in kind.baselines().values()]
    candidates: dict[str, Candidate] = {}
    for place in range(4 * count):
        rng = child(seed, "bench", place)
        order = rng.permutation(len(parents))
        operator = portfolio.draw(rng)
        assert isinstance(operator, WritingOperator)
        candidate = write_offspring(
            operator,
            lambda arity: [parents[int(place)] for place in order[:arity]],  # noqa: B023
            kind.contract,
            rng,
        )
        candidates.setdefault(candidate.id, candidate)
    records = Validate(validator)([Record(candidate, 1) for candidate in candidates.values()])
    return [record for record in records if record.status is Status.PROPOSED][:count]


def evaluated(
    run: Recorded, protocol: Protocol, pool: Sequence[Record], trials: Mapping[str, Sequence[Trial]]
) -> tuple[list[str], float]:
    """Ids by rung, then margin, best first; and the processor seconds."""
    before = run.seconds
    records = Evaluator(run, protocol, lambda _: trials).evaluate(pool)
    scored = [(record.scored, record.id) for record in records if record.score]
    ranked = sorted(scored, key=lambda pair: (-pair[0].rung, -pair[0].margin.value, pair[1]))
    return [id_ for _, id_ in ranked], run.seconds - before


def main(pools: int, size: int, shorter: int, baselines: int, networks: int) -> None:
    """Evaluate each pool in three ways and print the cost and the winners of each."""
    rungs = [
        rung.model_copy(
            update={
                "epochs": max(1, rung.epochs // shorter),
                "networks": min(rung.networks or networks, networks),
            }
        )
        for rung in CONFIG.protocol.rungs
    ]
    protocol = CONFIG.protocol.model_copy(update={"rungs": tuple(rungs)})
    ways = {
        "all in full": protocol.model_copy(update={"keep": 1.0, "racing": False}),
        "rungs": protocol.model_copy(update={"racing": False}),
        "rungs and races": protocol,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    hits: dict[str, list[int]] = {name: [] for name in ways}
    winner: dict[str, list[bool]] = {name: [] for name in ways}
    kind = kinds.get(CONFIG.kind)()
    with (
        process.workers(CONFIG.model_copy(update={"protocol": protocol})) as workers,
        Sandbox() as sandbox,
    ):
        validator = Validator(kind, sandbox)
        run = Recorded(workers)
        known = validated_baselines(kind, validator)[:baselines]
        known = evaluate_baselines(run, protocol, known)
        trials = {record.id: record.scored.trials for record in known}
        for seed in range(pools):
            pool = offspring(kind, validator, seed, size)
            best: list[str] = []
            for name, way in ways.items():
                ranked, spent = evaluated(run, way, pool, trials)
                best = best or ranked[:BEST]
                seconds[name].append(spent / len(pool))
                hits[name].append(len({*best} & {*ranked[:BEST]}))
                winner[name].append(ranked[0] == best[0])
    full = mean(seconds["all in full"])
    for name in ways:
        cost = mean(seconds[name])
        print(
            f"{name:16}: {60 / cost:6.1f} candidates per minute and core, "
            f"{full / cost:.2f} × all in full; finds {mean(hits[name]):.1f} of the best {BEST} "
            f"in full, and the winner in {sum(winner[name])} of {pools} pools"
        )


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            pools=Size(1, 1, "pools of offspring"),
            size=Size(24, 4, "candidates per pool"),
            shorter=Size(1, 1_000, "divides the epochs of every rung"),
            baselines=Size(99, 3, "baselines at most"),
            networks=Size(99, 1, "networks of a task at most"),
        )
    )
