"""The facts of `evo pareto`: front, fronts of the interval bounds, and hypervolume over time."""

from typing import Any

from evo.core.performance import has_merit
from evo.core.stages import TrainingEnd
from evo.report.facts.credits import credit_facts
from evo.report.facts.overview import Overview


def pareto_facts(overview: Overview, over: Overview | None = None) -> dict[str, Any]:
    """The JSON document of `evo pareto --json`; a second campaign is nested under `over`."""
    facts = _front_facts(overview)
    if over is not None:
        facts["over"] = {"name": over.name, **_front_facts(over)}
    return facts


def _front_facts(overview: Overview) -> dict[str, Any]:
    analysis = overview.analysis
    records = analysis.records
    merit_first = (*analysis.with_merit, *analysis.without_merit)
    return {
        "objectives": [objective.key for objective in analysis.objectives],
        "hypervolume": analysis.hypervolume,
        "reference": analysis.reference.tolist(),
        "trained_in_full": len(records),
        "knee": None if analysis.knee is None else records[analysis.knee].id,
        "front": [_member_facts(overview, index) for index in merit_first],
        "near_front": [_member_facts(overview, index) for index in analysis.near],
        "front_of_lower_bounds": [records[index].id for index in analysis.cautious],
        "front_of_upper_bounds": [records[index].id for index in analysis.hopeful],
        "generations": [volume._asdict() for volume in analysis.volumes],
    }


def _member_facts(overview: Overview, index: int) -> dict[str, Any]:
    analysis = overview.analysis
    record = analysis.records[index]
    score, novelty = record.scored, record.archived
    values = zip(analysis.objectives, analysis.values[index], strict=True)
    probabilities = analysis.probabilities
    return {
        "id": record.id,
        "source": record.candidate.source,
        "b_wr": score.b_wr.value,
        "b_wr_ci": [score.b_wr.low, score.b_wr.high],
        "bsota_wr": score.bsota_wr.value,
        "bsota_wr_ci": [score.bsota_wr.low, score.bsota_wr.high],
        "margin": score.margin.value,
        "margin_ci": [score.margin.low, score.margin.high],
        "merit": has_merit(record),
        "remeasured": score.end is TrainingEnd.REMEASURED,
        "n_text": novelty.text,
        "n_behaviour": novelty.behaviour,
        **{objective.key: float(value) for objective, value in values},
        "probability": None if probabilities is None else float(probabilities[index]),
        "generation": record.generation,
        "operator": record.candidate.operator,
        **(
            {"credits": credit_facts(overview.credits[record.id])}
            if record.id in overview.credits
            else {}
        ),
    }
