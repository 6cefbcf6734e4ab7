"""The report of a study: the paper's tables and figures drawn from its cells, with intervals."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evo.core.errors import UsageError
from evo.core.records import Record
from evo.report.documents.contents import address_of
from evo.report.documents.study_contents import (
    StudyReport,
    kind_section,
    reader_of,
)
from evo.report.facts.course import PARTS
from evo.report.facts.reward import ahead_facts, matrix_facts, ranked_facts
from evo.report.facts.study import SEED_AXIS, StudyCell, study_facts
from evo.report.pictures.efficiency import draw_pairs
from evo.report.pictures.style import picture_style
from evo.screening.appraisal import FEWEST_CANDIDATES
from evo.studies.grid.benches import groups_of
from evo.studies.grid.results import cells_in
from evo.studies.reward import Rewards

MOST_JUDGED, LEAST_PER_CELL = 300, 50
"""Candidates of a kind that reward models are learned from and tested on, and those of a cell that
it has of them at least, evenly over its course: the features of one cost 20 ms."""


def report_of_study(folder: Path, *, pictures: bool) -> StudyReport:
    """The report of a study, finished or not.

    Args:
        folder: of the study.
        pictures: whether it has pictures.

    Raises:
        UsageError: no cell has a sealed generation yet.
        HistoryError: its file or a campaign is damaged.
    """
    cells = cells_in(folder)
    begun = [cell for cell in cells if cell.reader is not None and cell.reader.generation >= 0]
    if not begun:
        raise UsageError(f"Study {folder.name} has no sealed generation yet. Run it first.")
    facts = study_facts(folder.name, cells)
    sections = [
        kind_section(
            part,
            study=folder.name,
            course=facts["course"]["parts"],
            efficiency=_efficiency(part),
            pictures=pictures,
        )
        for part in groups_of(begun)
    ]
    axes = [axis for axis in cells[0].levels if axis != SEED_AXIS]
    return StudyReport(facts, axes, sections)


def _efficiency(cells: Sequence[StudyCell]) -> Mapping[str, Any] | None:
    """Facts and pictures of reward models, learned from each level of an axis and tested on each.

    None where too few candidates were evaluated to learn from.
    """
    begun = [cell for cell in cells if any(_is_evaluated(record) for record in cell.records)]
    most = max(MOST_JUDGED // max(len(begun), 1), LEAST_PER_CELL)
    readers = list(map(reader_of, begun))
    if sum(sum(map(_is_evaluated, cell.records)) for cell in begun) < FEWEST_CANDIDATES:
        return None
    rewards = Rewards.of(readers, by="campaign", most=most, fewest=1)
    overall = rewards.ranked(rewards.forecasts())
    by_axis = {
        axis: rewards.pairs({cell.name: cell.levels[axis] for cell in begun})
        for axis in begun[0].levels
        if axis != SEED_AXIS and len({cell.levels[axis] for cell in begun}) > 1
    }
    names = [cell.name for cell in begun]
    with picture_style():
        axes = [
            {
                "axis": axis,
                "matrix": matrix_facts(pairs),
                "picture": address_of(draw_pairs(names, overall, pairs, by=axis), "png"),
            }
            for axis, pairs in by_axis.items()
            if len(pairs) > 1
        ]
    return {
        "evaluated": len(rewards.evaluated.performance),
        **ranked_facts(overall),
        "axes": axes,
        "ahead": ahead_facts(rewards.ahead(PARTS)),
    }


def _is_evaluated(record: Record) -> bool:
    return record.novelty is not None and not record.is_baseline
