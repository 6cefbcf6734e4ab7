"""Claim: two workers evaluate at least 1.8 times as many candidates as one.

Both sides train the same baselines on the first rung of the default task, in processes that are
warm. Prints the ratio of wall times. Needs two idle processors.

Usage: python benchmarks/bench_workers.py [--quick] [--rounds N] [--repeats N] [--shorter N]
    [--baselines N]
"""

import time
from statistics import median

from sizes import Size, read_sizes

from evo.campaign import process
from evo.campaign.config import Config
from evo.components.kinds import kinds
from evo.compute.workers import Workers
from evo.evaluation.protocol import Job
from evo.validation.baselines import validated_baselines
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator


def wall_seconds(pool: Workers, jobs: list[Job]) -> float:
    """Wall time until the last outcome has arrived."""
    start = time.perf_counter()
    outcomes = list(pool.run(jobs))
    assert len(outcomes) == len(jobs)
    assert not any(outcome.error for outcome in outcomes)
    return time.perf_counter() - start


def main(rounds: int, repeats: int, shorter: int, baselines: int) -> None:
    """Time one worker and two in turn, and print the median ratio."""
    kind = kinds.get("activation")()
    with Sandbox() as sandbox:
        known = validated_baselines(kind, Validator(kind, sandbox))[:baselines]
    jobs = [
        Job(f"{record.id}-{repeat}", record.graphs, 0)
        for record in known
        for repeat in range(repeats)
    ]
    protocol = Config().protocol
    first = protocol.rungs[0]
    first = first.model_copy(update={"epochs": max(1, first.epochs // shorter)})
    protocol = protocol.model_copy(update={"rungs": (first, *protocol.rungs[1:])})
    with (
        process.workers(Config(workers=1, protocol=protocol)) as one,
        process.workers(Config(workers=2, protocol=protocol)) as two,
    ):
        wall_seconds(one, jobs[:2])
        wall_seconds(two, jobs[:4])
        ratios = [wall_seconds(one, jobs) / wall_seconds(two, jobs) for _ in range(rounds)]
    print(
        f"one worker / two workers = {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            rounds=Size(3, 1, "measurements of each side"),
            repeats=Size(1, 1, "trainings of each baseline per measurement"),
            shorter=Size(1, 10, "divides the epochs"),
            baselines=Size(99, 4, "baselines at most"),
        )
    )
