"""The overview of a campaign: all that its pictures and the table of its front are made from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from archive.history.reader import Reader
from evo.campaign.baselines import raw_behaviour
from evo.campaign.given import names_of_baselines
from evo.components.kinds import kinds
from evo.core.records import Record, Vector
from evo.core.task_label import task_label
from evo.report.facts.analysis import Analysis, analyse, on_one_scale
from evo.report.facts.credits import Credits, credits_of
from evo.report.facts.front import FRONT_OBJECTIVES
from evo.report.facts.lineage import lineage
from evo.report.facts.objectives import Objective, objectives_of
from evo.report.facts.record import best_record

SAMPLE_SIZE = 40
"""Candidates sampled per operator; more shapes in one panel could not be told apart."""


@dataclass(frozen=True)
class Overview:
    """A campaign as pictures and the table of its front need it. Make one with `overview_of`.

    Attributes:
        name: of the campaign.
        title: name, kind and tasks in words.
        analysis: the front and its uncertainty.
        names: of the baselines, by id.
        abscissae: inputs (p,) where behaviour is a curve; None for other kinds.
        outputs: computes a component's raw outputs (p,) there; called only with abscissae.
        samples: trained candidates by operator, at most `SAMPLE_SIZE` each, drawn evenly.
        totals: number of trained candidates, by operator.
        lineage: the best candidate and its ancestors, oldest first.
        grouped_by: what samples are grouped by.
        credits: of the components of those on the front or near it, by id, in a combination.
    """

    name: str
    title: str
    analysis: Analysis
    names: Mapping[str, str]
    abscissae: Vector | None
    outputs: Callable[[Record], Vector]
    samples: Mapping[str, Sequence[Record]]
    totals: Mapping[str, int]
    lineage: Sequence[Record]
    credits: Mapping[str, Credits] = field(default_factory=dict[str, Credits])
    grouped_by: str = "operator"

    def name_of(self, record: Record) -> str:
        """A baseline's name, or the beginning of a candidate's id."""
        return self.names.get(record.id, record.id[:6])


def overview_of(
    history: Reader, objectives: Sequence[Objective] = objectives_of(FRONT_OBJECTIVES)
) -> Overview:
    """The overview of a campaign by some objectives."""
    config, records = history.config, history.records
    kind = kinds.get(config["kind"])()
    best = best_record(records)
    samples, totals = sample_by_operator(records)
    analysis = analyse(records, objectives)
    leaders = [analysis.records[index] for index in (*analysis.members, *analysis.near)]
    labels = ", ".join(map(task_label, config["tasks"]))
    return Overview(
        name=history.folder.name,
        title=f"{history.folder.name}: {config['kind']} on {labels}",
        analysis=analysis,
        names=names_of_baselines(config),
        abscissae=kind.abscissae(),
        outputs=lambda record: raw_behaviour(kind, record),
        samples=samples,
        totals=totals,
        lineage=[] if best is None else lineage(records, best),
        credits=credits_of(history, leaders),
    )


def with_one_reference(overview: Overview, over: Overview) -> tuple[Overview, Overview]:
    """Both overviews with hypervolumes counted from one reference, so that they compare."""
    one, other = on_one_scale([overview.analysis, over.analysis])
    return replace(overview, analysis=one), replace(over, analysis=other)


class OperatorSamples(NamedTuple):
    """Trained candidates by operator.

    Attributes:
        samples: at most `SAMPLE_SIZE` each, by id.
        totals: how many there are.
    """

    samples: dict[str, list[Record]]
    totals: dict[str, int]


def sample_by_operator(records: Iterable[Record]) -> OperatorSamples:
    """A sample of the trained candidates per operator, and how many there are of each.

    Ids are hashes, so the smallest are a random choice that never changes.
    """
    samples: dict[str, list[Record]] = {}
    totals: dict[str, int] = {}
    for record in records:
        if record.is_baseline or record.novelty is None:
            continue
        operator = record.candidate.operator
        totals[operator] = totals.get(operator, 0) + 1
        sample = samples.setdefault(operator, [])
        sample.append(record)
        if len(sample) > 2 * SAMPLE_SIZE:  # now and then, not at every record
            sample[:] = _smallest_ids(sample)
    return OperatorSamples(
        {operator: _smallest_ids(sample) for operator, sample in samples.items()}, totals
    )


def best_by_bsota(records: Sequence[Record], count: int) -> list[Record]:
    """The best by BSOTA-WR; ties are broken by B-WR, then by behaviour novelty."""
    return sorted(
        records,
        key=lambda record: (
            -record.scored.bsota_wr.value,
            -record.scored.b_wr.value,
            -record.archived.behaviour,
            record.id,
        ),
    )[:count]


def _smallest_ids(records: Sequence[Record]) -> list[Record]:
    return sorted(records, key=lambda record: record.id)[:SAMPLE_SIZE]
