"""Results of a study so far, read from its folder."""

from pathlib import Path

from archive.history.reader import Reader
from evo.report.facts.study import StudyCell
from evo.studies.grid.running import read_cells


def cells_in(folder: Path) -> list[StudyCell]:
    """The cells of a study, in the order in which they were added, with their campaigns.

    Raises:
        HistoryError: the study's file or a campaign is damaged.
    """
    return [
        StudyCell(name, cell["levels"], _reader(folder / name))
        for name, cell in read_cells(folder).items()
    ]


def _reader(place: Path) -> Reader | None:
    return Reader.read(place) if (place / "campaign.json").exists() else None
