"""One component drawn small: its curve, or where its kind has none, its behaviour as bars."""

from matplotlib.axes import Axes

from evo.core.records import Record
from evo.report.pictures.scene import Scene


def draw_shape(axes: Axes, scene: Scene, record: Record, *, colour: str) -> None:
    """A component on axes of its own, with the zero lines and nothing else."""
    axes.axhline(0, color="0.8", lw=0.6, zorder=0)
    if scene.abscissae is None:
        vector = record.behaviour_vector
        axes.bar(range(len(vector)), vector, width=1.0, color=colour)
    else:
        axes.axvline(0, color="0.8", lw=0.6, zorder=0)
        axes.plot(scene.abscissae, scene.outputs(record), color=colour, lw=1.4)
    axes.margins(x=0.02, y=0.12)
    axes.tick_params(labelsize=6, length=2, pad=1)
    axes.locator_params(axis="y", nbins=3)
    axes.locator_params(axis="x", nbins=3)
