"""An analysis as plain data for `--json`, and as what a person reads."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from evo.report.facts.credits import credit_facts, credit_text
from evo.report.pictures.scene import Scene
from evo.report.views.tables import baseline_table, body, interval_text

_SHOWN = 12
"""Members in the table; all are in `--json`."""


def pareto_facts(scene: Scene, over: Scene | None = None) -> dict[str, Any]:
    """What `evo pareto --json` prints; a second campaign stands under `over`."""
    facts = _front_facts(scene)
    if over is not None:
        facts["over"] = {"name": over.name, **_front_facts(over)}
    return facts


def analysis_view(scene: Scene, over: Scene | None = None) -> RenderableType:
    """The front with its sources, the baselines on the same scale, and the volume."""
    found = scene.analysis
    keys = " × ".join(objective.key for objective in found.objectives)
    origin = ", ".join(f"{value:.4g}" for value in found.reference)
    count = len(found.records)
    lines = [
        f"Hypervolume {found.hypervolume:.4f} over {keys} from ({origin}).",
        f"{len(found.near)} more may be on the front (5 % or more); {count} trained in full.",
        f"Picked by these very trials from {count}: rather optimistic.",
    ]
    if sum(objective.is_noisy for objective in found.objectives) > 1:
        lines += [
            "Probabilities are too high with several noisy objectives: see docs/design/pareto.md."
        ]
    if over is not None:
        lines += [
            f"Over it {over.name}: hypervolume {over.analysis.hypervolume:.4f}, "
            f"{len(over.analysis.members)} on its front, {len(over.analysis.records)} in full."
        ]
    if scene.credits:
        lines += [
            "Beside each kind its credit: log(loss with the standard component instead / loss), "
            "on the same trials; above 0 it helps."
        ]
    known = [baseline_table(scene.names, found.baselines)] if found.baselines else []
    return Group(_front_table(scene), *known, Text("\n".join(lines)))


def _front_facts(scene: Scene) -> dict[str, Any]:
    found = scene.analysis
    return {
        "objectives": [objective.key for objective in found.objectives],
        "hypervolume": found.hypervolume,
        "reference": found.reference.tolist(),
        "trained_in_full": len(found.records),
        "knee": None if found.knee is None else found.records[found.knee].id,
        "front": [_member_facts(scene, index) for index in found.members],
        "near_front": [_member_facts(scene, index) for index in found.near],
        "front_of_lower_bounds": [found.records[index].id for index in found.cautious],
        "front_of_upper_bounds": [found.records[index].id for index in found.hopeful],
        "generations": [volume._asdict() for volume in found.volumes],
    }


def _member_facts(scene: Scene, index: int) -> dict[str, Any]:
    found = scene.analysis
    record = found.records[index]
    score, novelty = record.scored, record.archived
    rows = zip(found.objectives, found.values[index], strict=True)
    return {
        "id": record.id,
        "source": record.candidate.source,
        "b_wr": score.b_wr.value,
        "b_wr_ci": [score.b_wr.low, score.b_wr.high],
        "bsota_wr": score.bsota_wr.value,
        "bsota_wr_ci": [score.bsota_wr.low, score.bsota_wr.high],
        "margin": score.margin,
        "n_text": novelty.text,
        "n_behaviour": novelty.behaviour,
        **{objective.key: float(value) for objective, value in rows},
        "probability": None if found.probabilities is None else float(found.probabilities[index]),
        "generation": record.generation,
        "operator": record.candidate.operator,
        **(
            {"credits": credit_facts(scene.credits[record.id])}
            if record.id in scene.credits
            else {}
        ),
    }


def _front_table(scene: Scene) -> RenderableType:
    """A block of measures beside each source."""
    found = scene.analysis
    names = " against ".join(objective.key for objective in found.objectives)
    table = Table(title=f"Pareto front: {names}", title_justify="left")
    table.add_column("candidate", no_wrap=True)
    table.add_column("source", ratio=1)
    for index in found.members[:_SHOWN]:
        measures = Table.grid(padding=(0, 1))
        for name, value in _measures(scene, index):
            measures.add_row(Text(name, style="dim"), value)
        source = body(found.records[index].candidate.source)
        table.add_row(measures, Syntax(source, "python", word_wrap=True), end_section=True)
    if not found.members:
        return Text("No candidate has been trained in full yet, so there is no front.")
    left_out = len(found.members) - _SHOWN
    return Group(table, *([Text(f"{left_out} more: evo pareto --json")] if left_out > 0 else []))


def _measures(scene: Scene, index: int) -> Iterator[tuple[str, str]]:
    """Names and values of a member, the objectives beyond the usual last."""
    found = scene.analysis
    record = found.records[index]
    score, novelty = record.scored, record.archived
    yield "id", record.id[:8] + (" (knee)" if index == found.knee else "")
    yield "B-WR", interval_text(score.b_wr)
    yield "BSOTA-WR", interval_text(score.bsota_wr)
    yield "margin", f"{score.margin:+.3f}"
    yield "N text", f"{novelty.text:.3f}"
    yield "N behaviour", f"{novelty.behaviour:.3f}"
    for objective, value in zip(found.objectives, found.values[index], strict=True):
        if objective.is_minimised:
            yield objective.key, f"{value:.4g}"
    if found.probabilities is not None:
        yield "on the front", f"{found.probabilities[index]:.0%}"
    for name, credit in scene.credits.get(record.id, {}).items():
        yield name, credit_text(credit)
