"""The best twelve: their shapes with BSOTA-WR and N-score, and how like each other they are."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from archive.novelty.novelty_archive import rms_distance
from evo.core.arrays import Floats
from evo.core.records import Vector
from evo.report.pictures.scene import Scene, best
from evo.report.pictures.shape import draw_shape
from evo.report.pictures.style import OTHER, SCALE, blank, heading, note, split_figure

COUNT = 12


def draw_best(scene: Scene) -> Figure:
    """The best by BSOTA-WR, numbered as on the heat maps beside them."""
    records = best(scene.analysis.records, COUNT)
    if not records:
        return note(blank(9.6, 5.8), "no candidate trained in full yet")
    figure = blank(9.6, 5.8)
    heading(figure, f"{scene.title}: the best {len(records)} by BSOTA-WR")
    left, right = split_figure(figure, across=True)
    places = left.subplots(4, 3, squeeze=False).ravel()
    for axes in places[len(records) :]:
        axes.set_axis_off()
    for number, (axes, record) in enumerate(zip(places, records, strict=False), start=1):
        draw_shape(axes, scene, record, colour=OTHER)
        score, novelty = record.scored, record.archived
        axes.set_title(
            f"{number}: BSOTA-WR {score.bsota_wr.value:.2f}\nN {novelty.behaviour:.2f} behaviour, "
            f"{novelty.text:.2f} text",
            fontsize=7,
        )
    upper, lower = right.subplots(2, 1)
    _map(upper, _apart([r.behaviour_vector for r in records]), "apart in behaviour (RMS)")
    _map(lower, _cosines([r.text_vector for r in records]), "apart in text (1 − cosine)")
    return figure


def _map(axes: Axes, distances: Floats, label: str) -> None:
    """A heat map of distances, dark where two are alike."""
    count = len(distances)
    highest = float(distances.max()) or 1.0
    image = axes.imshow(distances, cmap=SCALE, vmin=0, vmax=highest)
    axes.set_xticks(range(count), [str(n + 1) for n in range(count)], fontsize=7)
    axes.set_yticks(range(count), [str(n + 1) for n in range(count)], fontsize=7)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set_title(label, fontsize=8)
    figure = axes.figure
    bar = figure.colorbar(image, ax=axes, shrink=0.8, pad=0.02)
    bar.ax.tick_params(labelsize=7)
    bar.outline.set_visible(False)


def _apart(vectors: Sequence[Vector]) -> Floats:
    """RMS distances of all pairs, as the behaviour N-score has them: (n, n)."""
    stacked = np.stack(vectors)
    return np.stack([rms_distance(vector, stacked) for vector in stacked])


def _cosines(vectors: Sequence[Vector]) -> Floats:
    """1 − cosine of all pairs of unit vectors, as the text N-score has it: (n, n)."""
    stacked = np.stack(vectors).astype(np.float64)
    return np.clip(1 - stacked @ stacked.T, 0, None)
