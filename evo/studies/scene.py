"""What the pictures of a campaign are drawn from, read off its history."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from archive.history.reader import Reader
from evo.campaign.ablation import ablated_graphs, standard_graphs
from evo.campaign.baselines import behaviour_of
from evo.components.kinds import baseline_names, kinds
from evo.core.records import Record
from evo.report.facts.analysis import analyse, on_one_scale
from evo.report.facts.credits import Credits, measured
from evo.report.facts.lineage import lineage
from evo.report.facts.objectives import DEFAULT, Objective, objectives_of
from evo.report.facts.summary import best_record
from evo.report.pictures.scene import Scene, sample


def scene_of(history: Reader, objectives: Sequence[Objective] = objectives_of(DEFAULT)) -> Scene:
    """What the pictures of a campaign are drawn from."""
    config, records = history.config, history.records
    kind = kinds.get(config["kind"])()
    best = best_record(records)
    samples, totals = sample(records)
    found = analyse(records, objectives)
    shown = [found.records[index] for index in (*found.members, *found.near)]
    return Scene(
        name=history.folder.name,
        title=f"{history.folder.name}: {config['kind']} on {', '.join(config['tasks'])}",
        analysis=found,
        names=baseline_names(kind.name),
        abscissae=kind.abscissae(),
        outputs=lambda record: behaviour_of(kind, record),
        samples=samples,
        totals=totals,
        lineage=[] if best is None else lineage(records, best),
        credits=credits_of(history, shown),
    )


def credits_of(history: Reader, chosen: Sequence[Record]) -> dict[str, Credits]:
    """The credits of a campaign's evaluated records by id; none where no kinds are combined."""
    kind = kinds.get(history.config["kind"])()
    last = len(history.config["protocol"]["rungs"]) - 1
    chosen = [record for record in chosen if record.score is not None and record.score.rung == last]
    if len(kind.members) == 1 or not chosen:
        return {}
    baselines = takewhile(lambda record: record.is_baseline, history.records)
    standards = standard_graphs(kind, baselines)
    return measured(chosen, lambda r: ablated_graphs(r.graph, standards), history.records)


def overlaid(scene: Scene, over: Scene) -> tuple[Scene, Scene]:
    """Two campaigns with hypervolumes counted from one reference."""
    one, other = on_one_scale([scene.analysis, over.analysis])
    return replace(scene, analysis=one), replace(over, analysis=other)
