"""Picture of the best twelve: shapes, BSOTA-WR, N-scores, and distances to each other."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from archive.novelty.novelty_archive import rms_distances
from evo.core.arrays import Floats
from evo.core.records import Vector
from evo.report.facts.overview import Overview, best_by_bsota
from evo.report.pictures.component import draw_component
from evo.report.pictures.style import COLOUR_MAP, OTHER, blank, heading, note, split_figure

COUNT = 12


def draw_best(overview: Overview) -> Figure:
    """Draw the best by BSOTA-WR, numbered as in the heat maps at the right."""
    records = best_by_bsota(overview.analysis.records, COUNT)
    if not records:
        return note(blank(9.6, 5.8), "no candidate trained in full yet")
    figure = blank(9.6, 5.8)
    heading(figure, f"{overview.title}: the best {len(records)} by BSOTA-WR")
    left, right = split_figure(figure, across=True)
    panels = left.subplots(4, 3, squeeze=False).ravel()
    for axes in panels[len(records) :]:
        axes.set_axis_off()
    for number, (axes, record) in enumerate(zip(panels, records, strict=False), start=1):
        draw_component(axes, overview, record, colour=OTHER)
        score, novelty = record.scored, record.archived
        axes.set_title(
            f"{number}: BSOTA-WR {score.bsota_wr.value:.2f}\nN {novelty.behaviour:.2f} behaviour, "
            f"{'no' if novelty.text is None else f'{novelty.text:.2f}'} text",
            fontsize=7,
        )
    upper, lower = right.subplots(2, 1)
    _heat_map(
        upper, rms_distances([r.behaviour_vector for r in records]), "apart in behaviour (RMS)"
    )
    vectors = [record.text_vector for record in records]
    if vectors[0].size:
        _heat_map(lower, _cosine_distances(vectors), "apart in text (1 − cosine)")
    else:
        lower.set_axis_off()
        lower.set_title("sources are not embedded", fontsize=8)
    return figure


def _heat_map(axes: Axes, distances: Floats, label: str) -> None:
    """Draw a heat map of distances, dark where two components are similar."""
    count = len(distances)
    highest = float(distances.max()) or 1.0
    image = axes.imshow(distances, cmap=COLOUR_MAP, vmin=0, vmax=highest)
    axes.set_xticks(range(count), [str(n + 1) for n in range(count)], fontsize=7)
    axes.set_yticks(range(count), [str(n + 1) for n in range(count)], fontsize=7)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set_title(label, fontsize=8)
    figure = axes.figure
    bar = figure.colorbar(image, ax=axes, shrink=0.8, pad=0.02)
    bar.ax.tick_params(labelsize=7)
    bar.outline.set_visible(False)


def _cosine_distances(vectors: Sequence[Vector]) -> Floats:
    """1 − cosine of all pairs of unit vectors, as in the text N-score: (n, n)."""
    stacked = np.stack(vectors).astype(np.float64)
    return np.clip(1 - stacked @ stacked.T, 0, None)
