"""Pictures, one module each; those of a campaign are drawn from its `Overview` alone.

A campaign with one candidate or none has all pictures too.
"""

from pathlib import Path

from matplotlib.figure import Figure

from evo.core.errors import unknown_name
from evo.report.facts.overview import Overview
from evo.report.pictures import best, lineage, novelty, progress, shapes, win_rates
from evo.report.pictures.style import picture_style, save

_OF_ONE = {"best": best.draw_best, "shapes": shapes.draw_shapes, "lineage": lineage.draw_lineage}

_OF_TWO = {
    "pareto": novelty.draw_novelty,
    "progress": progress.draw_progress,
    "win-rates": win_rates.draw_win_rates,
}
"""Pictures that can show a second campaign as well."""


def draw(kind: str, overview: Overview, over: Overview | None = None) -> Figure:
    """One picture of a campaign.

    Args:
        kind: pareto, progress, win-rates, best, shapes or lineage.
        overview: of the campaign.
        over: of a second one to show as well; for pareto, progress and win-rates.

    Raises:
        UsageError: there is no such kind, or it cannot show a second campaign.
    """
    known = {**_OF_TWO, **_OF_ONE} if over is None else _OF_TWO
    if kind not in known:
        raise unknown_name("picture" if over is None else "picture of two", kind, known)
    with picture_style():
        return _OF_TWO[kind](overview, over) if kind in _OF_TWO else _OF_ONE[kind](overview)


def save_pareto(overview: Overview, folder: Path) -> Path:
    """Save the picture of the front alone, as PNG; its path.

    Raises:
        OSError: the folder cannot be written.
    """
    with picture_style():
        return save(novelty.draw_novelty(overview), folder, "pareto", endings=("png",))[0]


def save_all(overview: Overview, folder: Path, *, over: Overview | None = None) -> list[Path]:
    """Save every picture as PNG and SVG; the paths.

    Raises:
        OSError: the folder cannot be written.
    """
    with picture_style():
        figures = {name: draw_one(overview, over) for name, draw_one in _OF_TWO.items()}
        figures |= {name: draw_one(overview) for name, draw_one in _OF_ONE.items()}
        return [path for name, figure in figures.items() for path in save(figure, folder, name)]
