"""The shapes that each operator, or prompting strategy, brings forth."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from evo.core.records import Record
from evo.report.pictures.scene import Scene
from evo.report.pictures.style import SCALE, blank, heading, note

_COLUMNS = 3

_FAR = 3.0
"""Standardised outputs farther from 0 look alike."""


def draw_shapes(scene: Scene) -> Figure:
    """A panel an operator, and one of the baselines; light shapes win more often.

    Grey ones stopped at a lower rung, where a win rate is another measure. Where behaviour is no
    curve, each component is a row of its standardised probe outputs, the best at the top.
    """
    groups = {"baselines": scene.analysis.baselines, **scene.samples}
    groups = {name: own for name, own in groups.items() if own}
    if not groups:
        return note(blank(7.2, 3.0), "nothing was trained yet")
    rows = -(-len(groups) // _COLUMNS)
    columns = min(len(groups), _COLUMNS)
    figure = blank(max(4.2, 2.6 * columns + 0.8), 2.4 * rows + 0.8)
    panels = figure.subplots(
        rows, columns, squeeze=False, sharex=True, sharey=scene.abscissae is not None
    ).ravel()
    for axes in panels[len(groups) :]:
        axes.set_axis_off()
    full = {record.id for record in (*scene.analysis.records, *scene.analysis.baselines)}
    for axes, (name, records) in zip(panels, groups.items(), strict=False):
        total = scene.totals.get(name, len(records))
        count = f"{len(records)} of {total}" if total > len(records) else f"{total}"
        axes.set_title(f"{name} ({count})", fontsize=9)
        order = sorted(records, key=lambda record: (record.id in full, _rate(record)))
        if scene.abscissae is None:
            _rows(axes, order)
        else:
            _curves(axes, scene, order, full)
    if scene.abscissae is not None:
        # By those that trained in full: what falls out early may be as steep as it likes.
        drawn = [record for own in groups.values() for record in own]
        panels[0].set_ylim(*_reach(scene, [r for r in drawn if r.id in full] or drawn))
        colours = ScalarMappable(Normalize(0, 1), SCALE)
        bar = figure.colorbar(colours, ax=panels, shrink=0.9)
        bar.set_label("B-WR (grey: stopped at a lower rung)")
    else:
        panels[0].set_ylabel("component, best at the top")
        colours = ScalarMappable(Normalize(-_FAR, _FAR), SCALE)
        bar = figure.colorbar(colours, ax=panels, shrink=0.9, extend="both")
        bar.set_label("standardised output")
    heading(figure, f"{scene.title}: shapes by operator")
    return figure


def _curves(axes: Axes, scene: Scene, records: Sequence[Record], full: set[str]) -> None:
    assert scene.abscissae is not None
    for record in records:
        is_full = record.id in full
        colour = colormaps[SCALE](_rate(record)) if is_full else "0.75"
        axes.plot(scene.abscissae, scene.outputs(record), color=colour, lw=1.0 if is_full else 0.7)


def _rows(axes: Axes, records: Sequence[Record]) -> None:
    vectors = np.stack([record.behaviour_vector for record in records[::-1]])
    axes.imshow(vectors, cmap=SCALE, aspect="auto", interpolation="none", vmin=-_FAR, vmax=_FAR)
    axes.set_xlabel("probe output")


def _reach(scene: Scene, records: Sequence[Record]) -> tuple[float, float]:
    """As far as nine in ten of the records reach; the others would flatten them."""
    outputs = np.stack([scene.outputs(record) for record in records])
    low = np.percentile(outputs.min(axis=1), 10)
    high = np.percentile(outputs.max(axis=1), 90)
    room = 0.1 * (high - low) or 1.0
    return float(low - room), float(high + room)


def _rate(record: Record) -> float:
    return record.scored.b_wr.value
