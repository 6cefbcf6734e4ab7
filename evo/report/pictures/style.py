"""The style of all pictures: sizes fit for print, colours fit for colour-blind readers."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure, SubFigure

FRONT, OTHER, BASELINE, SECOND = "#D55E00", "#0072B2", "#000000", "#009E73"
"""Colours by Okabe and Ito. Nothing is shown by hue alone: markers and lines differ too."""

CYCLE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Colours for things without an order, such as operators."""

LINE_STYLES = ("-", "--", "-.", ":")

COLOUR_MAP = "cividis"
"""Colour map for values, of the same lightness when printed in grey."""

_LOOK: dict[Any, Any] = {
    "font.size": 9,
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that widths are the same everywhere
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "text.parse_math": False,  # a name with a dollar is a name
    "svg.fonttype": "none",  # text stays text: searchable, copied, read aloud
    "svg.hashsalt": "evo",  # the names of its parts do not change from one drawing to the next
}


def picture_style() -> AbstractContextManager[None]:
    """A context with evo's style, independent of the user's matplotlib settings."""
    return mpl.rc_context(_LOOK)


def blank(width: float, height: float) -> Figure:
    """An empty figure; width and height in inches."""
    return Figure(figsize=(width, height), layout="constrained")


def legend_below(figure: Figure, *entries: Any, columns: int = 3) -> None:
    """Put a legend below all else, in as many columns as the figure's width takes.

    Args:
        figure: with everything drawn that the legend names.
        entries: handles and labels, by default those of all axes.
        columns: the most there may be.
    """
    for count in range(columns, 0, -1):
        legend = figure.legend(*entries, loc="outside lower center", ncols=count)
        if count == 1 or legend.get_window_extent().width <= figure.bbox.width:
            return
        legend.remove()


def save(
    figure: Figure, folder: Path, name: str, *, endings: Sequence[str] = ("png", "svg")
) -> list[Path]:
    """Save a figure in one file per ending, without a date or a version; the paths.

    Raises:
        OSError: the folder cannot be written; pictures that were there before are untouched.
    """
    paths = [folder / f"{name}.{ending}" for ending in endings]
    for path in paths:
        key = "Software" if path.suffix == ".png" else "Date"
        draft = path.with_name(f".{path.name}.tmp")
        try:
            figure.savefig(draft, format=path.suffix[1:], dpi=200, metadata={key: None})
            draft.replace(path)
        except BaseException:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
    return paths


def split_figure(figure: Figure, *, across: bool) -> tuple[SubFigure, SubFigure]:
    """Two parts of a figure, side by side or one above the other; the first has two thirds."""
    both = (
        figure.subfigures(1, 2, width_ratios=(2, 1))
        if across
        else figure.subfigures(2, 1, height_ratios=(2, 1))
    )
    first, second = np.ravel(np.array(both))
    return first, second


def heading(figure: Figure, text: str) -> None:
    """Set a title for all panels of a figure, at its left."""
    figure.suptitle(text, x=0.01, ha="left", size=10)


def note(figure: Figure, text: str) -> Figure:
    """The figure with a sentence in its middle that says why there is nothing to see."""
    figure.text(0.5, 0.5, text, ha="center", va="center", color="0.35")
    return figure
