"""The pictures of a campaign, one file each.

They draw what a `Scene` holds and read nothing else; a campaign with one candidate or none has
pictures too.
"""

from pathlib import Path

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
