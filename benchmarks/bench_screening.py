"""Claim: at equal training time a campaign that a reward model screens ends with better candidates.

Three campaigns a seed: without `reward.screening`, with it, and taught, which is with it and with
`reward.lessons` of the unscreened campaigns of all other seeds. Kind, task, protocol, population
and trainings of a generation are the same, and up to `reward.first_generation` so are the
candidates. What training costs is the processor time in the records, baselines left out: all have
the same. Of each screened campaign and the unscreened one beside it only as much is looked at as
both have trained for, up to the end of the one that trained less. Printed as means over seeds with
Student's 95 % interval, and as differences paired by seed:

    best        highest B-WR among those that reached the last rung, as the search saw it
    fresh       the same candidate's on ten fresh seeds: the best of many is partly luck
    volume      hypervolume of the front over (B-WR, N behaviour)
    mean        B-WR of those that reached the last rung
    to equal    training seconds to the lower of the two bests; their ratio is a geometric mean

FOLDER keeps the campaigns and every training, so that a bench that was cut off goes on where it
stood, and one with more seeds adds to it. What has trained is not trained again for another
campaign, and counts there at the same seconds.

Usage: python benchmarks/bench_screening.py [FOLDER [SEEDS [GENERATIONS [TRAININGS]]]]
"""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from equal_trainings import over_seeds, rate
from pool import Kept

from archive.history.history import History
from archive.history.reader import Reader
from archive.novelty.descriptors import TextDescriptor
from evo.campaign import build, create, lessons
from evo.config import Config, parse
from evo.core.records import Record, Status
from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.rungs import Evaluator, evaluate_baselines
from evo.report.facts.front import pareto_front
from evo.screening.settings import RewardSettings
from evo.studies.reward import Rewards
from evo.validation.sandbox.sandbox import Sandbox

FRESH = Protocol(rungs=(Rung(epochs=10, seeds=10),), first_seed=1000, keep=1.0, racing=False)
PLAIN, ARMS = "without", ("with", "taught")
LAST = len(Protocol().rungs) - 1


class Result(NamedTuple):
    """What a campaign came to in a given training time; see the module.

    Attributes:
        trained: how many candidates trained, at whichever rung.
    """

    best: float
    fresh: float
    volume: float
    mean: float
    to_equal: float
    trained: int


class Bench:
    """Runs campaigns in one process after each other; a context manager.

    Args:
        folder: keeps them.
        seeds: how many campaigns an arm has.
        generations: how many each has.
        trainings: of a generation.
    """

    def __init__(self, folder: Path, *, seeds: int, generations: int, trainings: int) -> None:
        self._folder = folder
        self._seeds = seeds
        self._generations = generations
        self._trainings = trainings
        self._stack = ExitStack()

    def __enter__(self) -> "Bench":
        self._folder.mkdir(parents=True, exist_ok=True)
        config = self._configuration(PLAIN, 0)
        self._train, self._retrain = (
            Kept(
                self._folder / name,
                self._stack.enter_context(
                    build.workers(config.model_copy(update={"protocol": protocol}))
                ),
            )
            for name, protocol in (("trained.jsonl", config.protocol), ("fresh.jsonl", FRESH))
        )
        self._sandbox = self._stack.enter_context(Sandbox())
        self._text = TextDescriptor(config.novelty.text_model)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def pair(self, seed: int, arm: str) -> tuple[Result, Result]:
        """What two campaigns of a seed come to, without screening and with it."""
        one, two = (self._records(name, seed) for name in (PLAIN, arm))
        equal = min(spent(one)[-1], spent(two)[-1])
        one, two = (within(records, equal) for records in (one, two))
        level = min(rate(best(one)), rate(best(two)))
        return self._result(one, level), self._result(two, level)

    def _configuration(self, arm: str, seed: int) -> Config:
        half = max(4, 3 * self._trainings // 4)
        return parse(
            {
                "seed": seed,
                "generations": self._generations,
                "population": half,
                "offspring": 2 * half,
                "trainings": self._trainings,
                "workers": 1,
                "device": "cpu",
                "reward": self._reward(arm, seed),
            },
            where="bench_screening",
        )

    def _reward(self, arm: str, seed: int) -> dict[str, Any]:
        if arm != "taught":
            return {"screening": arm == "with"}
        path = self._folder / f"lessons-of-all-but-{seed}-of-{self._seeds}"
        if not path.exists():
            others = [other for other in range(self._seeds) if other != seed]
            histories = [Reader.read(self._campaign(PLAIN, other)) for other in others]
            Rewards.of(histories).lessons().write(path)
        given = RewardSettings(screening=True, lessons=str(path))
        return lessons.resolve_lessons(given).model_dump(mode="json")

    def _campaign(self, arm: str, seed: int) -> Path:
        # The taught one depends on how many others teach it.
        of = f"-of-{self._seeds}" if arm == "taught" else ""
        return self._folder / f"seed-{seed}-{arm}{of}"

    def _records(self, arm: str, seed: int) -> list[Record]:
        """All records of a campaign that is run to its end, from where it stands."""
        config, folder = self._configuration(arm, seed), self._campaign(arm, seed)
        if not folder.exists():
            create.create(folder, config).close()
        with History.open(folder) as history:
            if parse(history.config, where=str(folder)) != config:
                raise SystemExit(f"{folder} has other settings. Choose another FOLDER.")
            if history.generation < config.generations:
                build.search(
                    history,
                    config,
                    lambda _: None,
                    sandbox=self._sandbox,
                    text=self._text,
                    train=self._train,
                    keys={},
                )
        return list(Reader.read(folder).records)

    def _result(self, records: Sequence[Record], level: float) -> Result:
        complete = [record for record in records if is_complete(record)]
        reached = [is_complete(r) and rate(r) >= level for r in records]
        return Result(
            best=rate(best(records)),
            fresh=self._fresh(best(records), records),
            volume=pareto_front(records).hypervolume,
            mean=float(np.mean([rate(record) for record in complete])),
            to_equal=float(spent(records)[reached.index(True)]),
            trained=sum(record.seconds > 0 and not record.is_baseline for record in records),
        )

    def _fresh(self, record: Record, records: Sequence[Record]) -> float:
        known = [r for r in records if r.is_baseline]
        baselines = evaluate_baselines(self._retrain, FRESH, [untrained(r) for r in known])
        trials = {r.id: r.scored.trials for r in baselines}
        (again,) = Evaluator(self._retrain, FRESH, lambda _: trials).evaluate([untrained(record)])
        return rate(again)


def spent(records: Sequence[Record]) -> np.ndarray:
    """(n,) training seconds up to each record and with it; baselines cost nothing here."""
    return np.cumsum([0.0 if record.is_baseline else record.seconds for record in records])


def within(records: Sequence[Record], seconds: float) -> list[Record]:
    """The records that had trained after so many seconds."""
    return [r for r, at in zip(records, spent(records), strict=True) if at <= seconds + 1e-6]


def is_complete(record: Record) -> bool:
    """Whether it is a candidate that reached the last rung."""
    return record.novelty is not None and not record.is_baseline and record.scored.rung == LAST


def best(records: Sequence[Record]) -> Record:
    """The one that the search takes for its best."""
    return max((record for record in records if is_complete(record)), key=rate)


def untrained(record: Record) -> Record:
    """The same as if it had just been proposed."""
    return replace(record, score=None, seconds=0.0, status=Status.PROPOSED, reason="")


def table(arm: str, pairs: Sequence[tuple[Result, Result]]) -> str:
    """A row an arm, and the difference between them paired by seed."""
    names = Result._fields
    lines = [f"| {len(pairs)} seeds | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for place, own in enumerate((PLAIN, arm)):
        cells = [over_seeds([getattr(pair[place], name) for pair in pairs]) for name in names]
        lines.append(f"| {own} | {' | '.join(cells)} |")
    ahead = [
        over_seeds([getattr(pair[1], name) - getattr(pair[0], name) for pair in pairs])
        for name in names
    ]
    lines.append(f"| {arm} − {PLAIN} | {' | '.join(ahead)} |")
    ratios = np.log([pair[0].to_equal / pair[1].to_equal for pair in pairs])
    lines.append(f"log(seconds {PLAIN} / seconds {arm}) to equal best: {over_seeds(list(ratios))}")
    return "\n".join(lines)


def main(folder: Path, seeds: int, generations: int, trainings: int) -> None:
    """A line a campaign, and after every pair the table of what there is."""
    with Bench(folder, seeds=seeds, generations=generations, trainings=trainings) as bench:
        for arm in ARMS:
            pairs: list[tuple[Result, Result]] = []
            for seed in range(seeds):
                pairs.append(bench.pair(seed, arm))
                for own, result in zip((PLAIN, arm), pairs[-1], strict=True):
                    print(f"seed {seed}, {own}: {result}", flush=True)
                print(f"\n{generations} generations of {trainings} trainings")
                print(f"{table(arm, pairs)}\n", flush=True)


if __name__ == "__main__":
    given = sys.argv[1:]
    numbers = [int(number) for number in given[1:]]
    main(
        Path(given[0]) if given else Path("runs/bench-screening"),
        *(numbers + [5, 8, 16][len(numbers) :]),
    )
