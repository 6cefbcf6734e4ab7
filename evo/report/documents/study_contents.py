"""The contents of a study's report, whatever its format: cells, axes, candidates of each kind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archive.history.reader import Reader
from evo.campaign.baselines import raw_behaviour
from evo.campaign.given import names_of_baselines
from evo.components.kinds import kinds
from evo.core.records import Record
from evo.core.task_label import task_label
from evo.report.documents.contents import address_of
from evo.report.facts.analysis import analyse
from evo.report.facts.front import fully_evaluated
from evo.report.facts.overview import SAMPLE_SIZE, Overview, best_by_bsota
from evo.report.facts.study import SEED_AXIS, StudyCell
from evo.report.pictures import draw
from evo.report.pictures.course import draw_course
from evo.report.pictures.distributions import draw_distributions
from evo.report.pictures.style import picture_style

_TOP = 12
_PICTURES = {
    "shapes": "What the candidates of each level compute; light ones win more often.",
    "win-rates": "B-WR against BSOTA-WR, one dot per candidate trained in full.",
    "best": "The best twelve by BSOTA-WR with their N-scores, and how far they lie apart.",
}
_WIN_RATES = (
    "Win rates by level, seeds together: one dot per candidate trained in full, boxes of "
    "quartiles, whiskers at 5 and 95 %."
)
_COURSE = "From the beginning of the search to its end, per level, mean over seeds."


@dataclass(frozen=True)
class KindSection:
    """The candidates of one kind, over all cells of it that measure alike.

    Attributes:
        kind: name of the kind.
        cells: names of the cells.
        full: number of different candidates trained in full.
        top: the best by BSOTA-WR, each with the cell that it is from.
        pictures: by caption, as data URLs; empty where none were wanted.
        efficiency: of reward models, see `evo.studies.grid.report`; None where too little was
            evaluated.
    """

    kind: str
    cells: Sequence[str]
    full: int
    top: Sequence[tuple[str, Record]]
    pictures: Mapping[str, str]
    efficiency: Mapping[str, Any] | None


@dataclass(frozen=True)
class StudyReport:
    """A report of a study.

    Attributes:
        facts: see `study_facts`.
        axes: names of the axes but that of the seeds.
        kinds: one section per kind.
    """

    facts: Mapping[str, Any]
    axes: Sequence[str]
    kinds: Sequence[KindSection]

    @property
    def name(self) -> str:
        """Name of the study."""
        return str(self.facts["name"])


def kind_section(
    cells: Sequence[StudyCell],
    *,
    study: str,
    course: Sequence[Mapping[str, Any]],
    efficiency: Mapping[str, Any] | None,
    pictures: bool,
) -> KindSection:
    """The section of a kind.

    Args:
        cells: those that measure alike, each with a sealed generation.
        study: name of the study.
        course: parts of all cells, see `course_facts`.
        efficiency: of reward models, where it is known.
        pictures: whether it has pictures.
    """
    kind = reader_of(cells[0]).config["kind"]
    pooled = _pooled(cells)
    cell_of = {record.id: name for name, record in pooled}
    records = [record for _, record in pooled]
    overview = _overview(kind, cells, records, study=study)
    full = overview.analysis.records
    top = [(cell_of[record.id], record) for record in best_by_bsota(full, _TOP)]
    drawn: dict[str, str] = {}
    if pictures:
        with picture_style():
            drawn = {
                caption: address_of(draw(name, overview), "png")
                for name, caption in _PICTURES.items()
            }
            levels = _levels(cells)
            groups: dict[str, list[Record]] = {}
            for cell in cells:
                full_here = fully_evaluated([r for r in cell.records if r.is_proposal])
                groups.setdefault(levels[cell.name], []).extend(full_here)
            drawn[_WIN_RATES] = address_of(draw_distributions(groups), "png")
            if any(row["of"] > 1 for row in course if row["cell"] in levels):
                drawn[_COURSE] = address_of(draw_course(course, levels), "png")
    return KindSection(kind, [cell.name for cell in cells], len(full), top, drawn, efficiency)


def _pooled(cells: Sequence[StudyCell]) -> list[tuple[str, Record]]:
    """The records of all cells with the names of these, each component once.

    Baselines come from the cell where they trained most: a search that measures leaders again
    needs their results on the fresh seeds too.
    """
    pooled: dict[str, tuple[str, Record]] = {}
    for cell in cells:
        for record in cell.records:
            if record.score is None:
                continue
            _, known = pooled.get(record.id, ("", None))
            is_more = known is None or len(known.scored.trials) < len(record.scored.trials)
            if known is None or (record.is_baseline and is_more):
                pooled[record.id] = cell.name, record
    return list(pooled.values())


def _overview(
    kind_name: str, cells: Sequence[StudyCell], records: Sequence[Record], *, study: str
) -> Overview:
    """The overview of all candidates of a kind, in the groups of their levels."""
    kind = kinds.get(kind_name)()
    first = reader_of(cells[0])
    config = first.config
    samples = dict(_samples(cells))
    return Overview(
        name=study,
        title=f"{study}: {kind_name} on {', '.join(map(task_label, config['tasks']))}",
        analysis=analyse(records, with_probabilities=False),
        names=names_of_baselines(config),
        abscissae=kind.abscissae(),
        outputs=lambda record: raw_behaviour(kind, record),
        samples={name: sample for name, (sample, _) in samples.items()},
        totals={name: total for name, (_, total) in samples.items()},
        lineage=[],
        grouped_by="level",
    )


def _samples(cells: Sequence[StudyCell]) -> Iterator[tuple[str, tuple[list[Record], int]]]:
    """Trained candidates by the levels of their cells, seeds together, and how many there are.

    Ids are hashes, so the smallest are a random choice that never changes.
    """
    groups: dict[str, list[Record]] = {}
    levels = _levels(cells)
    for cell in cells:
        group = groups.setdefault(levels[cell.name], [])
        group += [
            record for record in cell.records if record.is_proposal and record.novelty is not None
        ]
    for name, group in groups.items():
        yield name, (sorted(group, key=lambda record: record.id)[:SAMPLE_SIZE], len(group))


def _levels(cells: Sequence[StudyCell]) -> dict[str, str]:
    """The levels of each cell in one line, without its seed and what all cells have in common."""
    axes = [axis for axis in cells[0].levels if axis != SEED_AXIS]
    differing = [axis for axis in axes if len({cell.levels[axis] for cell in cells}) > 1]
    return {cell.name: " ".join(cell.levels[axis] for axis in differing or axes) for cell in cells}


def reader_of(cell: StudyCell) -> Reader:
    """The history of a cell that has begun."""
    assert cell.reader is not None
    return cell.reader
