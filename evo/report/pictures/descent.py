"""The descent of the best candidate: who its ancestors were, what each was worth, by which step."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from evo.core.arrays import Floats
from evo.core.records import Record
from evo.report.facts.lineage import main_line
from evo.report.pictures.labels import Label, along, place
from evo.report.pictures.scene import Scene
from evo.report.pictures.shape import draw_shape
from evo.report.pictures.style import (
    CYCLE,
    DASHES,
    FRONT,
    OTHER,
    blank,
    heading,
    note,
    split_figure,
)

_STATIONS = 6
"""Of the main line that are drawn as shapes: the oldest and the newest."""


def draw_descent(scene: Scene) -> Figure:
    """B-WR of the best and its ancestors by generation, and the shapes along the main line."""
    family = scene.lineage
    if not family:
        return note(blank(8.0, 3.0), "no candidate has been trained yet")
    line = main_line(family, family[-1])
    figure = blank(8.0, 5.6)
    heading(figure, f"{scene.title}: descent of the best")
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
    stations = line if len(line) <= _STATIONS else [line[0], *line[-_STATIONS + 1 :]]
    panels = lower.subplots(1, max(4, len(stations)), squeeze=False)[0]
    for panel, record in zip(panels, stations, strict=False):
        draw_shape(panel, scene, record, colour=FRONT)
        panel.set_title(
            f"{scene.name_of(record)}\ngen. {record.generation}, "
            f"B-WR {record.scored.b_wr.value:.2f}",
            fontsize=7,
        )
    for panel in panels[len(stations) :]:
        panel.set_axis_off()
    labels = [Label(scene.name_of(record), *_point(record)) for record in stations]
    place(axes, labels, points=_drawn(family, line))
    return figure


def _edges(axes: Axes, family: Sequence[Record], line: set[str]) -> dict[str, tuple[str, str]]:
    """Lines from parents to children; the colour and dashes of each operator."""
    known = {record.id: record for record in family}
    looks: dict[str, tuple[str, str]] = {}
    for child in family:
        for parent in (known[id_] for id_ in child.candidate.parents if id_ in known):
            number = len(looks)
            look = CYCLE[number % len(CYCLE)], DASHES[number % len(DASHES)]
            colour, dash = looks.setdefault(child.candidate.operator, look)
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
    return looks


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
    """Lines to children and intervals as points, for labels to keep off: (k, 2)."""
    known = {record.id: record for record in family}
    lines = [
        along([_point(known[parent]), _point(child)])
        for child in family
        for parent in child.candidate.parents
        if parent in known
    ]
    bars = [
        along([(record.generation, rate.low), (record.generation, rate.high)])
        for record, rate in ((record, record.scored.b_wr) for record in line)
    ]
    return np.vstack([*lines, *bars, [_point(record) for record in family]])


def _point(record: Record) -> tuple[float, float]:
    return float(record.generation), record.scored.b_wr.value
