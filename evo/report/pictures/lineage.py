"""Picture of the lineage of the best candidate: its ancestors, their B-WR and the operators."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from evo.core.arrays import Floats
from evo.core.records import Record
from evo.report.facts.lineage import main_line
from evo.report.facts.overview import Overview
from evo.report.pictures.component import draw_component
from evo.report.pictures.labels import Label, along, place
from evo.report.pictures.style import (
    CYCLE,
    FRONT,
    LINE_STYLES,
    OTHER,
    blank,
    heading,
    note,
    split_figure,
)

_MOST_SHAPES = 6
"""Most members of the main line drawn as shapes: the oldest and the newest."""


def draw_lineage(overview: Overview) -> Figure:
    """Draw B-WR of the best and its ancestors by generation, and shapes along the main line."""
    family = overview.lineage
    if not family:
        return note(blank(8.0, 3.0), "no candidate has been trained yet")
    line = main_line(family, family[-1])
    figure = blank(8.0, 5.6)
    heading(figure, f"{overview.title}: descent of the best")
    upper, lower = split_figure(figure, across=False)
    axes = upper.subplots()
    operators = _edges(axes, family, {record.id for record in line})
    _dots(axes, family, line)
    axes.set_xlabel("generation")
    axes.set_ylabel("B-WR, 95 % interval")
    axes.set_ylim(-0.03, 1.06)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    handles = [
        Line2D([], [], color=colour, ls=dash, label=name)
        for name, (colour, dash) in operators.items()
    ]
    top = max(record.scored.rung for record in family)
    marks = [("main line", FRONT, FRONT, True)]
    marks += [("other ancestors", OTHER, OTHER, len(line) < len(family))]
    marks += [("at a lower rung", "0.4", "white", any(r.scored.rung < top for r in family))]
    handles += [
        Line2D([], [], marker="o", ls="", color=colour, mfc=face, label=label)
        for label, colour, face, is_there in marks
        if is_there
    ]
    upper.legend(handles=handles, loc="outside right upper")
    shapes = line if len(line) <= _MOST_SHAPES else [line[0], *line[-_MOST_SHAPES + 1 :]]
    panels = lower.subplots(1, max(4, len(shapes)), squeeze=False)[0]
    for panel, record in zip(panels, shapes, strict=False):
        draw_component(panel, overview, record, colour=FRONT)
        panel.set_title(
            f"{overview.name_of(record)}\ngen. {record.generation}, "
            f"B-WR {record.scored.b_wr.value:.2f}",
            fontsize=7,
        )
    for panel in panels[len(shapes) :]:
        panel.set_axis_off()
    labels = [Label(overview.name_of(record), *_point(record)) for record in shapes]
    place(axes, labels, points=_drawn(family, line))
    return figure


def _edges(axes: Axes, family: Sequence[Record], line: set[str]) -> dict[str, tuple[str, str]]:
    """Draw lines from parents to children; the colour and dashes per operator."""
    by_id = {record.id: record for record in family}
    line_styles: dict[str, tuple[str, str]] = {}
    for child in family:
        for parent in (by_id[id_] for id_ in child.candidate.parents if id_ in by_id):
            number = len(line_styles)
            next_style = CYCLE[number % len(CYCLE)], LINE_STYLES[number % len(LINE_STYLES)]
            colour, dash = line_styles.setdefault(child.candidate.operator, next_style)
            is_main = child.id in line and parent.id in line
            (x, y), (x2, y2) = _point(parent), _point(child)
            axes.plot(
                [x, x2],
                [y, y2],
                color=colour,
                ls=dash,
                lw=1.6 if is_main else 0.8,
                alpha=1.0 if is_main else 0.6,
                zorder=1,
            )
    return line_styles


def _dots(axes: Axes, family: Sequence[Record], line: Sequence[Record]) -> None:
    on_line = {record.id for record in line}
    top = max(record.scored.rung for record in family)
    for record in family:
        rate, colour = record.scored.b_wr, FRONT if record.id in on_line else OTHER
        face = colour if record.scored.rung == top else "white"
        if record.id in on_line:
            axes.vlines(record.generation, rate.low, rate.high, color=colour, lw=0.8, zorder=2)
        axes.plot(record.generation, rate.value, "o", ms=5, color=colour, mfc=face, zorder=3)


def _drawn(family: Sequence[Record], line: Sequence[Record]) -> Floats:
    """Lines to children and intervals as points that labels avoid: (k, 2)."""
    by_id = {record.id: record for record in family}
    lines = [
        along([_point(by_id[parent]), _point(child)])
        for child in family
        for parent in child.candidate.parents
        if parent in by_id
    ]
    bars = [
        along([(record.generation, rate.low), (record.generation, rate.high)])
        for record, rate in ((record, record.scored.b_wr) for record in line)
    ]
    return np.vstack([*lines, *bars, [_point(record) for record in family]])


def _point(record: Record) -> tuple[float, float]:
    return float(record.generation), record.scored.b_wr.value
