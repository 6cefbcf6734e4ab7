"""Labels of points, placed so that they cover neither each other nor the points."""

from collections.abc import Sequence
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from evo.core.arrays import Floats

_SIZE = 7.0
"""Font size, in points."""

_MARKER = 2.5
"""Radius of a marker, in points."""


class Label(NamedTuple):
    """A text and the point that it names, in data coordinates.

    Attributes:
        text: of the label.
        x: of the point.
        y: of the point.
        clear: distance that its marker extends beyond others, in points.
    """

    text: str
    x: float
    y: float
    clear: float = 0.0


def place(axes: Axes, labels: Sequence[Label], *, points: ArrayLike, colour: str = "black") -> None:
    """Write each label where it covers least, near its point or with a line to it.

    Call it last: the limits of the axes must be final.

    Args:
        axes: to write on.
        labels: in any order; from left to right looks best.
        points: what else should stay visible, (n, 2) in data coordinates.
        colour: of the text.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None, "axes of a figure"
    figure.draw_without_rendering()  # the layout moves the axes now or never
    per_point = figure.dpi / 72
    frame = np.asarray(axes.bbox.extents) / per_point
    spots = _spots(axes, [(label.x, label.y) for label in labels], per_point)
    around = np.vstack([_spots(axes, points, per_point), spots])
    reach = np.full((len(around), 1), _MARKER)
    reach[len(around) - len(spots) :, 0] += [label.clear for label in labels]
    taken = np.hstack([around - reach, around + reach])
    far = np.hypot(_OFFSETS[:, 0], _OFFSETS[:, 1])
    for label, spot in zip(labels, spots, strict=True):
        offsets = _OFFSETS + np.sign(_OFFSETS) * (label.clear, label.clear, 0)
        boxes = _boxes(label.text, spot, offsets)
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        outside = areas - _overlaps(boxes, frame[None])[:, 0]
        best = int(np.argmin(_overlaps(boxes, taken).sum(axis=1) + 3 * outside + 0.5 * far))
        taken = np.vstack([taken, boxes[best]])
        right, up, side = offsets[best]
        axes.annotate(
            label.text,
            (label.x, label.y),
            xytext=(right, up),
            textcoords="offset points",
            fontsize=_SIZE,
            color=colour,
            ha=("right", "center", "left")[int(side) + 1],
            va="center",
            zorder=5,
            arrowprops={"arrowstyle": "-", "lw": 0.5, "color": "0.5", "shrinkA": 0, "shrinkB": 2}
            if far[best] > 12
            else None,
        )


_POINTS_PER_SEGMENT = 40


def along(corners: ArrayLike) -> Floats:
    """Points along a line that labels avoid: (k, 2).

    Args:
        corners: of the line, (n, 2).
    """
    array = np.asarray(corners, dtype=np.float64).reshape(-1, 2)
    shares = np.linspace(0, 1, _POINTS_PER_SEGMENT)[:, None]
    segments = [start + shares * (end - start) for start, end in pairwise(array)]
    return np.vstack([*segments, array])


_OFFSETS = np.array(
    [(5, 0, 1), (-5, 0, -1), (0, 8, 0), (0, -8, 0)]
    + [
        (reach * side, rise, side)
        for reach, rise, side in product(
            (5, 14, 26, 40), (7, -7, 14, -14, 22, -22, 32, -32), (1, -1)
        )
    ],
    dtype=np.float64,
)
"""Candidate offsets of a label: right, up, and its side of the point (-1 left, 0, 1 right)."""


def _spots(axes: Axes, points: ArrayLike, per_point: float) -> Floats:
    """Data coordinates as points of the figure: (n, 2)."""
    array = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    return np.asarray(axes.transData.transform(array) / per_point)


def _boxes(text: str, spot: Floats, offsets: Floats) -> Floats:
    """The rough box of a text at each offset: left, bottom, right, top, (k, 4).

    A letter is 0.6 of its size wide.
    """
    width = 0.6 * _SIZE * len(text)
    left = spot[0] + offsets[:, 0] - width * (1 - offsets[:, 2]) / 2
    middle = spot[1] + offsets[:, 1]
    return np.stack([left, middle - 0.6 * _SIZE, left + width, middle + 0.6 * _SIZE], axis=1)


def _overlaps(boxes: Floats, others: Floats) -> Floats:
    """Areas that boxes (k, 4) share with others (n, 4): (k, n)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.clip(high - low, 0, None).prod(axis=2)
