"""Make the pool of fully trained activation candidates that ships in `evo/data/pools/`.

    python benchmarks/make_pool.py FOLDER                 propose, then train what is missing
    python benchmarks/make_pool.py FOLDER --table FILE    write those that have trained
    … --known evo/data/pools/activation.parquet           count what that pool holds as trained

In rounds, the syntax-tree operators propose from parents drawn uniformly from all accepted
candidates; without selection, so that the pool reflects the operators and not one search.
Candidates are validated in the sandbox, and those with the behaviour of another one are dropped, as
in a campaign. Every candidate then trains with the default protocol at the highest rung, without
early stopping.

FOLDER holds `proposals.jsonl`, written at once, and `outcomes.jsonl`, one line per finished
training; an interrupted run resumes. Candidates train in a random order, so that those trained so
far are a random sample of the proposals.
"""

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from archive.novelty.novelty_archive import NoveltyArchive
from evo.campaign import process
from evo.campaign.baselines import behaviour_scale, raw_behaviour
from evo.campaign.config import Config
from evo.campaign.steps import Recognise, Validate
from evo.components.base import Kind
from evo.components.kinds import kinds
from evo.compute.workers import Workers
from evo.core.records import Candidate, Record, Status
from evo.core.seeds import child
from evo.core.trials import JobKey, Outcome, Trial
from evo.evaluation.protocol import Job, Protocol
from evo.evaluation.rungs import Evaluator, evaluate_baselines
from evo.screening import pool
from evo.validation.baselines import validated_baselines
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator
from operators.base import WritingOperator
from operators.portfolio import ParentsOf, Portfolio, write_offspring

SEED = 8
WANTED = 2400
ROUND = 300
"""Candidates per round: with eight rounds, lines of descent are up to eight edits long."""
WEIGHTS = {"mutate-tree": 6.0, "crossover-tree": 3.0, "sample-tree": 1.0}
BATCH = 64


@dataclass(frozen=True)
class Proposal:
    """A candidate of the pool; `depth` counts the generations from the baselines."""

    record: Record
    depth: int


def propose(kind: Kind, validator: Validator) -> list[Proposal]:
    """The pool: valid candidates with behaviours that differ from each other and the baselines."""
    portfolio = Portfolio(WEIGHTS)
    baselines = validated_baselines(kind, validator)
    scale = behaviour_scale(kind, baselines)
    vectors = np.stack([scale(raw_behaviour(kind, record)) for record in baselines])
    no_text = np.ones((1, 1), dtype=np.float32)
    known = NoveltyArchive()
    known.add([record.id for record in baselines], no_text.repeat(len(vectors), 0), vectors)
    recognise = Recognise(kind, scale, known)
    passed = [Proposal(record, 0) for record in baselines]
    seen = {record.id for record in baselines}
    place = 0
    while len(passed) < len(baselines) + WANTED:
        drafts: dict[str, tuple[Candidate, int]] = {}
        while len(drafts) < ROUND:
            rng = child(SEED, "pool", place)
            place += 1
            operator = portfolio.draw(rng)
            assert isinstance(operator, WritingOperator)
            candidate = write_offspring(operator, _drawing(passed, rng), kind.contract, rng)
            if candidate.id not in seen:
                depths = {p.record.id: p.depth for p in passed}
                depth = 1 + max((depths[parent] for parent in candidate.parents), default=0)
                drafts[candidate.id] = candidate, depth
                seen.add(candidate.id)
        records = Validate(validator)([Record(candidate, 0) for candidate, _ in drafts.values()])
        fresh = [r for r in recognise(records) if r.status is Status.PROPOSED]
        known.add(
            [record.id for record in fresh],
            no_text.repeat(len(fresh), 0),
            np.stack([record.behaviour_vector for record in fresh]),
        )
        passed += [Proposal(record, drafts[record.id][1]) for record in fresh]
        print(f"{place} proposed, {len(passed) - len(baselines)} passed", flush=True)
    return passed[len(baselines) :][:WANTED]


def _drawing(passed: Sequence[Proposal], rng: np.random.Generator) -> ParentsOf:
    return lambda count: [
        passed[int(place)].record for place in rng.choice(len(passed), size=count, replace=False)
    ]


class Kept:
    """Trains the jobs that a file of outcomes does not hold, and appends each outcome at once."""

    def __init__(self, file: Path, workers: Workers) -> None:
        self._file = file
        self._workers = workers
        self._known = {outcome.key: outcome for outcome in read_outcomes(file)}

    def __call__(self, jobs: Sequence[Job]) -> Iterable[Outcome]:
        """An outcome for each job."""
        with self._file.open("a") as lines:
            for outcome in self._workers.run([job for job in jobs if job.key not in self._known]):
                self._known[outcome.key] = outcome
                lines.write(_line(outcome) + "\n")
                lines.flush()
        return [self._known[job.key] for job in jobs]


def read_outcomes(file: Path) -> Iterator[Outcome]:
    """The outcomes that a file holds; a last line that was cut off does not count."""
    for line in file.read_text().splitlines(keepends=True) if file.exists() else ():
        if line.endswith("\n"):
            values = json.loads(line)
            values["trials"] = tuple(Trial(*trial) for trial in values["trials"])
            yield Outcome(**values)


def _line(outcome: Outcome) -> str:
    key = JobKey(*outcome.key)._asdict()
    return json.dumps(
        {**key, "trials": outcome.trials, "seconds": outcome.seconds, "error": outcome.error}
    )


def read_proposals(file: Path) -> list[Proposal]:
    """The proposals that a file holds, in the order of training."""
    proposals: list[Proposal] = []
    for line in file.read_text().splitlines():
        values = json.loads(line)
        depth, graphs = values.pop("depth"), tuple(values.pop("graphs"))
        candidate = Candidate.of("activation", values["source"], operator=values["operator"])
        proposals.append(Proposal(Record(candidate, 0, graphs=graphs), depth))
    return proposals


def write_proposals(file: Path, proposals: Sequence[Proposal]) -> None:
    """Write all proposals in the random order in which they will train, atomically."""
    order = child(SEED, "order").permutation(len(proposals))
    lines = [
        json.dumps(
            {
                "source": proposals[place].record.candidate.source,
                "operator": proposals[place].record.candidate.operator,
                "depth": proposals[place].depth,
                "graphs": proposals[place].record.graphs,
            }
        )
        for place in order
    ]
    partial = file.with_suffix(".partial")
    partial.write_text("\n".join(lines) + "\n")
    partial.rename(file)


def write_table(
    path: Path,
    folder: Path,
    protocol: Protocol,
    baselines: Sequence[Record],
    proposals: Sequence[Proposal],
    *,
    before: Mapping[str, Record],
) -> None:
    """Write the fully trained candidates, in the order of training, without those that failed.

    Args:
        path: the file to write.
        folder: holds the outcomes.
        protocol: the one that they were trained with.
        baselines: the records that they are compared with.
        proposals: in the order of training.
        before: scored records of an earlier pool, by id.
    """
    known = {o.key: o for o in read_outcomes(folder / "outcomes.jsonl")}
    last = (len(protocol.rungs) - 1, len(protocol.heats(len(protocol.rungs) - 1)) - 1)

    def run(jobs: Sequence[Job]) -> Iterable[Outcome]:
        return [known[job.key] for job in jobs]

    trained = evaluate_baselines(run, protocol, baselines)
    trials = {r.id: r.scored.trials for r in trained}
    complete = [p.record for p in proposals if JobKey(p.record.id, *last) in known]
    records = Evaluator(run, protocol, lambda _: trials).evaluate(complete)
    by_id = {r.id: r for r in records if r.score is not None} | dict(before)
    scored = [(by_id[p.record.id], p.depth) for p in proposals if p.record.id in by_id]
    pool.write_pool(path, [record for record, _ in scored], [depth for _, depth in scored])
    print(f"{len(scored)} of {len(proposals)} candidates, {path.stat().st_size:,} bytes")


def main() -> None:
    """Propose once, then train the candidates without an outcome."""
    parser = argparse.ArgumentParser(description="Make a pool of fully trained activations.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--table", type=Path)
    parser.add_argument("--known", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    config = Config.model_validate({"workers": options.workers})
    kind = kinds.get(config.kind)()
    file = options.folder / "proposals.jsonl"
    with Sandbox() as sandbox:
        validator = Validator(kind, sandbox)
        if not file.exists():
            write_proposals(file, propose(kind, validator))
        baselines = validated_baselines(kind, validator)
    proposals = read_proposals(file)
    before = {} if options.known is None else {r.id: r for r in pool.read_pool(options.known)}
    assert before.keys() <= {p.record.id for p in proposals}, "another pool"
    everyone = config.protocol.for_everyone
    if options.table is not None:
        write_table(options.table, options.folder, everyone, baselines, proposals, before=before)
        return
    with process.workers(config) as workers:
        run = Kept(options.folder / "outcomes.jsonl", workers)
        baselines = evaluate_baselines(run, everyone, baselines)
        trials = {r.id: r.scored.trials for r in baselines}
        evaluator = Evaluator(run, everyone, lambda _: trials)
        start = time.monotonic()
        missing = [p.record for p in proposals if p.record.id not in before]
        for place in range(0, len(missing), BATCH):
            evaluator.evaluate(missing[place : place + BATCH])
            print(f"{place + BATCH} trained, {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
