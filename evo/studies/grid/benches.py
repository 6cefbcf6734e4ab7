"""Benchmarks made of a study's data: a pool to look results up in, and a surrogate of training."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evo.core.records import Record
from evo.evaluation.statistics.trial_values import at_highest_rung, margins
from evo.report.documents.study_contents import reader_of
from evo.report.facts.comparison import differing_trials
from evo.report.facts.study import StudyCell
from evo.screening.pool import write_pool
from evo.studies.tabular.surrogate.examples import (
    SURROGATE_KIND,
    SURROGATE_TASKS,
    Grounds,
    MeasuredBaselines,
    write_examples,
)

_FEWEST = 50
"""Fewest candidates trained in full that a benchmark is made of."""


class Bench(NamedTuple):
    """A benchmark of a data set.

    Attributes:
        name: in words.
        file: of its candidates, relative to the data set.
        rows: number of candidates; 0 where it was not made.
        command: that runs it in the folder of the data set.
        why: reason why it was not made; empty where it was.
    """

    name: str
    file: str
    rows: int
    command: str
    why: str


class _Full(NamedTuple):
    """Trainings in full of cells that measure alike.

    Attributes:
        cell: the first of them.
        candidates: each once.
        baselines: from the cell where they trained most.
        depths: number of generations between a candidate and the baselines, by id.
    """

    cell: StudyCell
    candidates: list[Record]
    baselines: list[Record]
    depths: dict[str, int]


def groups_of(cells: Sequence[StudyCell]) -> list[list[StudyCell]]:
    """The cells in groups whose trials are the same trainings."""
    groups: list[list[StudyCell]] = []
    for cell in cells:
        config = reader_of(cell).config
        for group in groups:
            if not differing_trials(reader_of(group[0]).config, config):
                group.append(cell)
                break
        else:
            groups.append([cell])
    return groups


def write_pools(cells: Sequence[StudyCell], target: Path) -> Iterator[Bench]:
    """Write one pool per group of cells that measure alike, for `evo bench tabular`."""
    seen: dict[str, int] = {}
    for group in groups_of(cells):
        full = _full(group)
        kind = reader_of(group[0]).config["kind"]
        number = seen[kind] = seen.get(kind, 0) + 1
        file = f"tabular/{kind}.parquet" if number == 1 else f"tabular/{kind}-{number}.parquet"
        command = f"evo bench tabular {file}"
        name = f"tabular benchmark of {kind}"
        if len(full.candidates) < _FEWEST:
            why = f"{len(full.candidates)} candidates trained in full, expected {_FEWEST} or more"
            yield Bench(name, file, 0, command, why)
            continue
        (target / "tabular").mkdir(exist_ok=True)
        # Ids are hashes: their order is random, and the first rows as fair a sample as any.
        records = sorted(full.candidates, key=lambda record: record.id)
        task = reader_of(group[0]).config["tasks"][0]
        depths = [full.depths[record.id] for record in records]
        write_pool(target / file, records, depths, kind=kind, task=task)
        yield Bench(name, file, len(records), command, "")


def write_surrogate(cells: Sequence[StudyCell], target: Path) -> Bench:
    """Write examples and baselines of the largest suitable group, for `evo bench search`."""
    file = "surrogate/evolved.parquet"
    bench = Bench("surrogate benchmark", file, 0, "evo bench search --data surrogate", "")
    suitable = [
        _full(group)
        for group in groups_of(cells)
        if reader_of(group[0]).config["kind"] == SURROGATE_KIND
        and tuple(reader_of(group[0]).config["tasks"]) == SURROGATE_TASKS
    ]
    if not suitable:
        return bench._replace(why="it is of activations on digits alone")
    full = max(suitable, key=lambda one: len(one.candidates))
    if len(full.candidates) < _FEWEST:
        why = f"{len(full.candidates)} activations trained in full, expected {_FEWEST} or more"
        return bench._replace(why=why)
    protocol = reader_of(full.cell).config["protocol"]
    grounds = Grounds(epochs=protocol["rungs"][-1]["epochs"], rungs=json.dumps(protocol["rungs"]))
    trials = {record.id: record.scored.trials for record in full.baselines}
    baselines = MeasuredBaselines.of(
        {id_: at_highest_rung(of_baseline) for id_, of_baseline in trials.items()}
    )
    if len(baselines.log_losses) < 2:
        return bench._replace(why="its baselines share fewer than two seeds from 0 on")
    margins_by_network = [
        _by_network(record, full.baselines, baselines.networks) for record in full.candidates
    ]
    write_examples(
        target / "surrogate",
        grounds,
        full.candidates,
        margins=margins_by_network,
        baselines=baselines,
        origin="study",
    )
    return bench._replace(rows=len(full.candidates))


def _full(group: Sequence[StudyCell]) -> _Full:
    """Trainings at the last rung, over all cells of a group."""
    last = len(reader_of(group[0]).config["protocol"]["rungs"]) - 1
    candidates: dict[str, Record] = {}
    baselines: dict[str, Record] = {}
    depths: dict[str, int] = {}
    for cell in group:
        for record in cell.records:
            above = [depths.get(parent, 0) for parent in record.candidate.parents]
            depths.setdefault(record.id, 0 if record.is_baseline else 1 + max(above, default=0))
            if record.score is None or (record.novelty is None and not record.is_baseline):
                continue
            if record.is_baseline:
                known = baselines.get(record.id)
                if known is None or len(known.scored.trials) < len(record.scored.trials):
                    baselines[record.id] = record
            elif record.is_proposal and record.scored.rung == last and record.scored.end.is_whole:
                candidates.setdefault(record.id, record)
    return _Full(group[0], list(candidates.values()), list(baselines.values()), depths)


def _by_network(
    record: Record, baselines: Sequence[Record], networks: Sequence[str]
) -> list[float]:
    """Mean margin on each network."""
    trials = at_highest_rung(record.scored.trials)
    values = margins(trials, {one.id: one.scored.trials for one in baselines})
    places = np.array([networks.index(trial.network) for trial in trials])
    return [float(values[places == place].mean()) for place in range(len(networks))]
