"""The pictures of a campaign, one file each.

They draw what a `Scene` holds and read nothing else; a campaign with one candidate or none has
pictures too.
"""

from pathlib import Path

from matplotlib.figure import Figure

from evo.core.errors import unknown_name
from evo.report.pictures import best, descent, novelty, progress, shapes, win_rates
from evo.report.pictures.scene import Scene
from evo.report.pictures.style import look, save

_OF_ONE = {"best": best.draw_best, "shapes": shapes.draw_shapes, "lineage": descent.draw_descent}

_OF_TWO = {
    "pareto": novelty.draw_novelty,
    "progress": progress.draw_progress,
    "win-rates": win_rates.draw_win_rates,
}
"""Those on which a second campaign can be laid."""


def draw(kind: str, scene: Scene, over: Scene | None = None) -> Figure:
    """One picture of a campaign.

    Args:
        kind: pareto, progress, win-rates, best, shapes or lineage.
        scene: the campaign.
        over: a second one to show as well; for pareto, progress and win-rates.

    Raises:
        UsageError: there is no such kind, or it cannot show a second campaign.
    """
    known = {**_OF_TWO, **_OF_ONE} if over is None else _OF_TWO
    if kind not in known:
        raise unknown_name("picture" if over is None else "picture of two", kind, known)
    with look():
        return _OF_TWO[kind](scene, over) if kind in _OF_TWO else _OF_ONE[kind](scene)


def save_pareto(scene: Scene, folder: Path) -> Path:
    """The picture of the front alone, as PNG.

    Raises:
        OSError: the folder cannot be written.
    """
    with look():
        return save(novelty.draw_novelty(scene), folder, "pareto", endings=("png",))[0]


def save_all(scene: Scene, folder: Path, *, over: Scene | None = None) -> list[Path]:
    """Every picture as PNG and SVG; the paths.

    Raises:
        OSError: the folder cannot be written.
    """
    with look():
        figures = {name: draw(scene, over) for name, draw in _OF_TWO.items()}
        figures |= {name: draw(scene) for name, draw in _OF_ONE.items()}
        return [path for name, figure in figures.items() for path in save(figure, folder, name)]
