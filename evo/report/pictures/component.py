"""One component in a small panel: its curve, or its behaviour as bars where it has no curve."""

from matplotlib.axes import Axes

from evo.core.records import Record
from evo.report.facts.overview import Overview


def draw_component(axes: Axes, overview: Overview, record: Record, *, colour: str) -> None:
    """Draw a component on given axes, with the zero lines and nothing else."""
    axes.axhline(0, color="0.8", lw=0.6, zorder=0)
    if overview.abscissae is None:
        vector = record.behaviour_vector
        axes.bar(range(len(vector)), vector, width=1.0, color=colour)
    else:
        axes.axvline(0, color="0.8", lw=0.6, zorder=0)
        axes.plot(overview.abscissae, overview.outputs(record), color=colour, lw=1.4)
    axes.margins(x=0.02, y=0.12)
    axes.tick_params(labelsize=6, length=2, pad=1)
    axes.locator_params(axis="y", nbins=3)
    axes.locator_params(axis="x", nbins=3)
