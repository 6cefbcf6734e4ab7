"""The contents of a report, whatever its format: what was searched, how, found and spent."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from archive.history.confirmations import newest_of
from archive.history.machines import read_stays
from archive.history.reader import Reader
from evo.core.estimate import Estimate
from evo.core.performance import has_merit, performance
from evo.core.records import Record
from evo.core.stages import TrainingEnd
from evo.evaluation.statistics.paired_test import Verdict
from evo.evaluation.statistics.trial_values import trials_of_baselines
from evo.report.facts.comparison import MEASURED_BY
from evo.report.facts.figures import figure_facts
from evo.report.facts.logbook import logbook
from evo.report.facts.overview import Overview, overview_of
from evo.report.facts.status import status_facts
from evo.report.facts.trajectory import Reached, Rival, rivals_of, strategy_words, trajectory
from evo.report.pictures import draw
from evo.report.pictures.style import picture_style
from evo.report.pictures.trajectory import draw_trajectory

_BEST = 10
"""Components in a report."""
PICTURES = {
    "trajectory": "Margin of the best so far by candidates trained and by processor time.",
    "pareto": "Novelty against performance. Bars are 95 % intervals.",
    "progress": "Hypervolume of the front and best candidate by generation.",
    "win-rates": "B-WR against BSOTA-WR of all candidates trained in full, and of the baselines.",
    "lineage": "Ancestors of the best candidate.",
    "shapes": "What the candidates of each operator compute.",
}
"""Captions of the pictures of a campaign, by the name of the picture."""
_MOST_IN_SVG = 1_500
"""Candidates up to which a picture is drawn as SVG; of more a PNG is smaller."""


@dataclass(frozen=True)
class ReportedComponent:
    """One of the best components of a campaign.

    Attributes:
        record: the candidate.
        is_member: whether it is on the front.
        probability: to be truly on the front; None where that is not known.
        verdict: of the newest confirmation that has it; empty where none has.
        figures: its loss and metric by task, beside the best baseline's, see `figure_facts`.
    """

    record: Record
    is_member: bool
    probability: float | None
    verdict: str
    figures: Sequence[Mapping[str, Any]]

    @property
    def margin(self) -> Estimate:
        """Its margin with the 95 % interval."""
        return self.record.scored.margin

    @property
    def b_wr(self) -> Estimate:
        """Its B-WR with the 95 % interval."""
        return self.record.scored.b_wr

    @property
    def bsota_wr(self) -> Estimate:
        """Its BSOTA-WR with the 95 % interval."""
        return self.record.scored.bsota_wr

    @property
    def is_remeasured(self) -> bool:
        """True if it was measured again on fresh seeds."""
        return self.record.scored.end is TrainingEnd.REMEASURED

    @property
    def has_merit(self) -> bool:
        """True if it wins against the median baseline."""
        return has_merit(self.record)


@dataclass(frozen=True)
class Section:
    """Contents of a report on one campaign.

    Attributes:
        name: of the campaign.
        title: name, kind and tasks in words.
        config: the resolved configuration.
        environment: versions and machine.
        status: see `status_facts`.
        best: the best components by performance.
        front: number of members of the front.
        full: number of candidates trained in full.
        baselines: names and records of the known components, the best first.
        generations: one row per generation.
        strategy: how it searches, in words.
        reached: the trajectory of the search.
        rivals: other campaigns that it is compared with.
        machines: what it ran on.
        seconds: processor time of all trainings.
        pictures: by name, as data URLs; empty where none were wanted.
    """

    name: str
    title: str
    config: Mapping[str, Any]
    environment: Mapping[str, Any]
    status: Mapping[str, Any]
    best: Sequence[ReportedComponent]
    front: int
    full: int
    baselines: Sequence[tuple[str, Record]]
    generations: Sequence[Mapping[str, Any]]
    strategy: str
    reached: Sequence[Reached]
    rivals: Sequence[Rival]
    machines: Sequence[str]
    seconds: float
    pictures: Mapping[str, str]

    @property
    def confirmed(self) -> int:
        """Number of the best that a confirmation has confirmed."""
        return sum(part.verdict == Verdict.CONFIRMED.value for part in self.best)


@dataclass(frozen=True)
class Report:
    """A report of campaigns.

    Attributes:
        sections: one per campaign.
        differing: what must agree for win rates to compare, and does not.
    """

    sections: Sequence[Section]
    differing: Sequence[str]

    @property
    def captions(self) -> Mapping[str, str]:
        """Captions of the pictures, by name."""
        return PICTURES


def report_of(
    histories: Sequence[Reader], *, pictures: bool, against: Sequence[Reader] = ()
) -> Report:
    """The report of one campaign or several, finished or not.

    Args:
        histories: of the campaigns.
        pictures: whether it has pictures.
        against: campaigns to compare each with, such as a random search.

    Raises:
        UsageError: one that is to be compared was measured otherwise.
    """
    first, *others = histories
    differing = [
        key
        for key in MEASURED_BY
        if any(other.config.get(key) != first.config.get(key) for other in others)
    ]
    sections = [_section(history, against, pictures=pictures) for history in histories]
    return Report(sections, differing)


def _section(history: Reader, against: Sequence[Reader], *, pictures: bool) -> Section:
    overview = overview_of(history)
    analysis = overview.analysis
    members = set(analysis.members)
    order = sorted(
        range(len(analysis.records)), key=lambda place: -performance(analysis.records[place])
    )
    chances = analysis.probabilities
    best: list[ReportedComponent] = []
    trials = trials_of_baselines(analysis.baselines)
    for place in order[:_BEST]:
        record = analysis.records[place]
        confirmation = newest_of(history.folder, record.id)
        best.append(
            ReportedComponent(
                record,
                place in members,
                None if chances is None else float(chances[place]),
                "" if confirmation is None else str(confirmation["verdict"]),
                figure_facts(record, trials, overview.names),
            )
        )
    reached = trajectory(history.records, history.config)
    rivals = rivals_of(history, reached, [one for one in against if one.id != history.id])
    baselines = sorted(analysis.baselines, key=lambda record: -record.scored.b_wr.value)
    return Section(
        name=overview.name,
        title=overview.title,
        config=history.config,
        environment=history.environment,
        status=status_facts(history),
        best=best,
        front=len(members),
        full=len(analysis.records),
        baselines=[(overview.name_of(record), record) for record in baselines],
        generations=list(logbook(history.records, history.config)),
        strategy=strategy_words(history.config),
        reached=reached,
        rivals=rivals,
        machines=list(dict.fromkeys(stay.name for stay in read_stays(history.folder))),
        seconds=float(np.sum([record.seconds for record in history.records])),
        pictures=_pictures(overview, reached, rivals) if pictures else {},
    )


def _pictures(
    overview: Overview, reached: Sequence[Reached], rivals: Sequence[Rival]
) -> dict[str, str]:
    """Pictures by name, as the addresses of images that hold them."""
    form = "svg" if len(overview.analysis.records) <= _MOST_IN_SVG else "png"
    pictures: dict[str, str] = {}
    with picture_style():
        for name in PICTURES:
            figure = (
                draw_trajectory(overview.name, reached, rivals)
                if name == "trajectory"
                else draw(name, overview)
            )
            pictures[name] = address_of(figure, form)
    return pictures


def address_of(figure: Figure, form: str) -> str:
    """A figure as the address of an image that holds it; the format is svg or png."""
    file = io.BytesIO()
    key = "Software" if form == "png" else "Date"
    figure.savefig(file, format=form, dpi=150, metadata={key: None})
    kind = "image/svg+xml" if form == "svg" else "image/png"
    return f"data:{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
