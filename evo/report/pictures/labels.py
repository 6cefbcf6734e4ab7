"""Words beside points that cover neither each other nor the points."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

_SIZE = 7.0
"""Of the type, in points."""


class Label(NamedTuple):
    """A word and the point it names, in data coordinates."""

    text: str
    x: float
    y: float


class _Box(NamedTuple):
    """Corners in points of the figure."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: "_Box") -> float:
        """The common area."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(0.0, width) * max(0.0, height)


def place(axes: Axes, labels: Sequence[Label], *, points: ArrayLike, colour: str = "black") -> None:
    """Write each label where it covers least, near its point; with a line to it when it is not.

    Call it last: the limits of the axes must stand.

    Args:
        axes: where.
        labels: from left to right looks best, though any order will do.
        points: whatever else should stay visible, (n, 2) in data coordinates.
        colour: of the words.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None, "axes of a figure"
    figure.draw_without_rendering()  # the layout moves the axes now or never
    per_point = figure.dpi / 72
    frame = _Box(*(axes.bbox.extents / per_point))
    taken = [_around(spot) for spot in _spots(axes, points, per_point)]
    spots = _spots(axes, [(label.x, label.y) for label in labels], per_point)
    taken += [_around(spot) for spot in spots]
    for label, spot in zip(labels, spots, strict=True):
        boxes = [_box(label.text, spot, *offset) for offset in _OFFSETS]
        costs = [
            sum(box.overlap(other) for other in taken)
            + 3 * (_area(box) - box.overlap(frame))
            + 0.5 * np.hypot(*offset[:2])
            for box, offset in zip(boxes, _OFFSETS, strict=True)
        ]
        best = int(np.argmin(costs))
        taken.append(boxes[best])
        right, up, side = _OFFSETS[best]
        axes.annotate(
            label.text,
            (label.x, label.y),
            xytext=(right, up),
            textcoords="offset points",
            fontsize=_SIZE,
            color=colour,
            ha=("right", "center", "left")[side + 1],
            va="center",
            zorder=5,
            arrowprops={"arrowstyle": "-", "lw": 0.5, "color": "0.5", "shrinkA": 0, "shrinkB": 2}
            if np.hypot(right, up) > 12
            else None,
        )


_OFFSETS = [(5.0, 0.0, 1), (-5.0, 0.0, -1), (0.0, 8.0, 0), (0.0, -8.0, 0)] + [
    (reach * side, rise, side)
    for reach, rise, side in product((5, 14, 26, 40), (7, -7, 14, -14, 22, -22, 32, -32), (1, -1))
]
"""Where a label may go: right, up, and the side of the point it is on (-1 left, 0, 1 right)."""


def _spots(axes: Axes, points: ArrayLike, per_point: float) -> NDArray[np.float64]:
    array = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    return axes.transData.transform(array) / per_point


def _around(spot: NDArray[np.float64]) -> _Box:
    """What a marker covers."""
    x, y = spot
    return _Box(x - 2.5, y - 2.5, x + 2.5, y + 2.5)


def _box(text: str, spot: NDArray[np.float64], right: float, up: float, side: int) -> _Box:
    """What a word covers, about: letters are 0.6 of their size wide."""
    width = 0.6 * _SIZE * len(text)
    left = spot[0] + right - width * (1 - side) / 2
    middle = spot[1] + up
    return _Box(left, middle - 0.6 * _SIZE, left + width, middle + 0.6 * _SIZE)


def _area(box: _Box) -> float:
    return (box.right - box.left) * (box.top - box.bottom)
