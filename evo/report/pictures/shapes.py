"""Picture of the shapes that each operator or prompting strategy produces."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from evo.core.records import Record
from evo.report.facts.overview import Overview
from evo.report.pictures.style import COLOUR_MAP, blank, heading, note

_COLUMNS = 3

_FAR = 3.0
"""Standardised outputs farther from 0 get the same colour."""


def draw_shapes(overview: Overview) -> Figure:
    """Draw one panel per operator and one of the baselines; light shapes win more often.

    Grey ones stopped at a lower rung, where a win rate is another measure. In kinds without curves
    each component is a row of its standardised probe outputs, the best at the top.
    """
    groups = {"baselines": overview.analysis.baselines, **overview.samples}
    groups = {name: records for name, records in groups.items() if records}
    if not groups:
        return note(blank(7.2, 3.0), "nothing was trained yet")
    rows = -(-len(groups) // _COLUMNS)
    columns = min(len(groups), _COLUMNS)
    figure = blank(max(4.2, 2.6 * columns + 0.8), 2.4 * rows + 0.8)
    panels = figure.subplots(
        rows, columns, squeeze=False, sharex=True, sharey=overview.abscissae is not None
    ).ravel()
    for axes in panels[len(groups) :]:
        axes.set_axis_off()
    full = {record.id for record in (*overview.analysis.records, *overview.analysis.baselines)}
    for axes, (name, records) in zip(panels, groups.items(), strict=False):
        total = overview.totals.get(name, len(records))
        count = f"{len(records)} of {total}" if total > len(records) else f"{total}"
        axes.set_title(f"{name} ({count})", fontsize=9)
        order = sorted(records, key=lambda record: (record.id in full, _rate(record)))
        if overview.abscissae is None:
            _rows(axes, order)
        else:
            _curves(axes, overview, order, full)
    if overview.abscissae is not None:
        # The limits come from those trained in full: what stops early may be far steeper.
        drawn = [record for records in groups.values() for record in records]
        panels[0].set_ylim(*_limits(overview, [r for r in drawn if r.id in full] or drawn))
        colours = ScalarMappable(Normalize(0, 1), COLOUR_MAP)
        bar = figure.colorbar(colours, ax=panels, shrink=0.9)
        bar.set_label("B-WR (grey: stopped at a lower rung)")
    else:
        panels[0].set_ylabel("component, best at the top")
        colours = ScalarMappable(Normalize(-_FAR, _FAR), COLOUR_MAP)
        bar = figure.colorbar(colours, ax=panels, shrink=0.9, extend="both")
        bar.set_label("standardised output")
    heading(figure, f"{overview.title}: shapes by {overview.grouped_by}")
    return figure


def _curves(axes: Axes, overview: Overview, records: Sequence[Record], full: set[str]) -> None:
    assert overview.abscissae is not None
    for record in records:
        is_full = record.id in full
        colour = colormaps[COLOUR_MAP](_rate(record)) if is_full else "0.75"
        axes.plot(
            overview.abscissae, overview.outputs(record), color=colour, lw=1.0 if is_full else 0.7
        )


def _rows(axes: Axes, records: Sequence[Record]) -> None:
    vectors = np.stack([record.behaviour_vector for record in records[::-1]])
    axes.imshow(
        vectors, cmap=COLOUR_MAP, aspect="auto", interpolation="none", vmin=-_FAR, vmax=_FAR
    )
    axes.set_xlabel("probe output")


def _limits(overview: Overview, records: Sequence[Record]) -> tuple[float, float]:
    """Limits that hold nine in ten of the records; the others would flatten them."""
    outputs = np.stack([overview.outputs(record) for record in records])
    low = np.percentile(outputs.min(axis=1), 10)
    high = np.percentile(outputs.max(axis=1), 90)
    room = 0.1 * (high - low) or 1.0
    return float(low - room), float(high + room)


def _rate(record: Record) -> float:
    return record.scored.b_wr.value
