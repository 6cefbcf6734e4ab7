import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from evo.report.pictures.labels import Label, place


@pytest.fixture
def axes() -> Axes:
    axes = Figure(figsize=(4, 3), dpi=100).subplots()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    return axes


def gap(axes: Axes, text: Text, x: float, y: float) -> float:
    """From a point to the nearest edge of a word, in points."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    box = text.get_window_extent()
    at = axes.transData.transform((x, y))
    nearest = np.clip(at, [box.x0, box.y0], [box.x1, box.y1])
    return float(np.hypot(*(at - nearest)) * 72 / figure.dpi)


def test_a_word_stands_off_as_far_as_its_marker_reaches(axes: Axes) -> None:
    place(axes, [Label("near", 0.3, 0.5), Label("far", 0.7, 0.5, clear=6)], points=np.zeros((0, 2)))

    near, far = axes.texts
    assert gap(axes, far, 0.7, 0.5) == pytest.approx(gap(axes, near, 0.3, 0.5) + 6, abs=1)


def test_other_words_keep_off_a_marker_that_reaches_far(axes: Axes) -> None:
    labels = [Label("one", 0.5, 0.5, clear=8), Label("two", 0.4, 0.5)]

    place(axes, labels, points=np.zeros((0, 2)))

    assert gap(axes, axes.texts[1], 0.5, 0.5) > 8
