"""The view of `evo pareto`: the front with its sources, the baselines, the hypervolume."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.box import HORIZONTALS
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evo.core.novelty import Novelty
from evo.core.performance import has_merit
from evo.core.records import Record
from evo.core.stages import TrainingEnd
from evo.evaluation.statistics.paired_test import Comparison
from evo.report.facts.overview import Overview
from evo.report.views.climb import margin_text
from evo.report.views.narrow import Fitted
from evo.report.views.source import FoldedSource
from evo.report.views.tables import plain_table
from evo.report.views.text import interval_text, source_body

_MOST_MEMBERS = 12
"""Members in the table; `--json` has all."""
_MOST_LINES = 16
"""Lines of a member's source; `evo show` has all."""


def pareto_view(overview: Overview, over: Overview | None = None) -> RenderableType:
    """The front with its sources, the baselines on the same scale, and the hypervolume.

    Args:
        overview: of the campaign.
        over: of a second campaign, named in one line.
    """
    analysis = overview.analysis
    keys = " × ".join(objective.key for objective in analysis.objectives)
    origin = ", ".join(f"{value:.4g}" for value in analysis.reference)
    count = len(analysis.records)
    lines = [
        f"Hypervolume {analysis.hypervolume:.4f} over {keys} from ({origin}).",
        f"{len(analysis.near)} more may be on the front (5 % or more); {count} trained in full.",
        f"Chosen from {count} by the same trials, so the figures are optimistic.",
    ]
    if sum(objective.is_noisy for objective in analysis.objectives) > 1:
        lines += [
            "Probabilities are too high with several noisy objectives: see docs/design/pareto.md."
        ]
    if analysis.without_merit:
        lines += [
            f"{len(analysis.without_merit)} of {len(analysis.members)} on the front have no merit: "
            "they win less than the median baseline. They come last."
        ]
    if over is not None:
        lines += [
            f"Over it {over.name}: hypervolume {over.analysis.hypervolume:.4f}, "
            f"{len(over.analysis.members)} on its front, {len(over.analysis.records)} in full."
        ]
    if overview.credits:
        lines += [
            "Each kind is listed with its credit: log(loss with the standard component instead / "
            "loss), on the same trials; above 0 it helps."
        ]
    baselines = analysis.baselines
    baseline_tables = [_baseline_table(overview.names, baselines)] if baselines else []
    return Group(_front_table(overview), *baseline_tables, Text("\n".join(lines)))


def credit_text(credit: Comparison | None) -> str:
    """The credit of a component with its interval."""
    if credit is None:
        return "fails without"
    ratio = credit.log_ratio
    return f"{ratio.value:+.3f} [{ratio.low:+.2f}, {ratio.high:+.2f}]"


def _front_table(overview: Overview) -> RenderableType:
    """One row per member: its measures, and below them the source."""
    analysis = overview.analysis
    if not analysis.members:
        return Text("No candidate has been trained in full yet, so there is no front.")
    names = " against ".join(objective.key for objective in analysis.objectives)
    table = Table(
        title=f"Pareto front: {names}",
        title_justify="left",
        box=HORIZONTALS,
        show_header=False,
        show_lines=True,
        pad_edge=False,
        expand=True,
    )
    for index in (*analysis.with_merit, *analysis.without_merit)[:_MOST_MEMBERS]:
        record = analysis.records[index]
        measures = Table.grid(padding=(0, 3, 0, 0))
        measures.add_row(_pairs(_fitness(overview, index)), _pairs(_others(overview, index)))
        source = FoldedSource(
            source_body(record.candidate.source),
            most_lines=_MOST_LINES,
            rest=f"evo show RUN {record.id[:8]}",
        )
        table.add_row(Group(measures, source))
    left_out = len(analysis.members) - _MOST_MEMBERS
    return Group(table, *([Text(f"{left_out} more: evo pareto --json")] if left_out > 0 else []))


def _pairs(measures: Iterable[tuple[str, str]]) -> RenderableType:
    """Names and values, one pair per line."""
    grid = Table.grid(padding=(0, 1))
    for name, value in measures:
        grid.add_row(Text(name, style="dim"), Text(value))
    return grid


def _fitness(overview: Overview, index: int) -> Iterator[tuple[str, str]]:
    """The id and the measures of fitness of a member."""
    record = overview.analysis.records[index]
    score = record.scored
    yield "id", record.id[:8] + (" (knee)" if index == overview.analysis.knee else "")
    yield "B-WR", interval_text(score.b_wr)
    yield "BSOTA-WR", interval_text(score.bsota_wr)
    yield "margin", margin_text(score.margin)
    if score.end is TrainingEnd.REMEASURED:
        yield "", "measured again"
    if not has_merit(record):
        yield "merit", "none"


def _others(overview: Overview, index: int) -> Iterator[tuple[str, str]]:
    """The other measures of a member, the less usual objectives last, and its credits."""
    analysis = overview.analysis
    record = analysis.records[index]
    yield "N text", _text_score(record.archived)
    yield "N behaviour", f"{record.archived.behaviour:.3f}"
    for objective, value in zip(analysis.objectives, analysis.values[index], strict=True):
        if objective.is_minimised:
            yield objective.key, f"{value:.4g}"
    if analysis.probabilities is not None:
        yield "on the front", f"{analysis.probabilities[index]:.0%}"
    for name, credit in overview.credits.get(record.id, {}).items():
        yield name, credit_text(credit)


def _baseline_table(names: Mapping[str, str], baselines: Sequence[Record]) -> RenderableType:
    """The baselines on the same scale, each against the others; `names` by id."""
    table = plain_table("Baselines on the same scale, 95 % intervals")
    table.padding = (0, 1, 0, 0)  # room for names in a terminal of 80 columns
    table.add_column("baseline", overflow="fold")  # long names are folded, figures never
    for name in ("B-WR", "BSOTA-WR", "margin", "N txt", "N beh"):
        table.add_column(name, justify="right", no_wrap=True)
    for record in sorted(baselines, key=lambda record: (-record.scored.b_wr.value, record.id)):
        score, novelty = record.scored, record.archived
        table.add_row(
            names.get(record.id, record.id[:8]),
            interval_text(score.b_wr),
            interval_text(score.bsota_wr),
            f"{score.margin.value:+.3f}",
            _text_score(novelty),
            f"{novelty.behaviour:.3f}",
        )
    return Fitted(table)


def _text_score(novelty: Novelty) -> str:
    return "none" if novelty.text is None else f"{novelty.text:.3f}"
