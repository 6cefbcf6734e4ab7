"""The fronts of several campaigns over each other, each member with its interval."""

from collections.abc import Sequence

from evo.web.campaign import LiveCampaign
from evo.web.figures.fitness import MEASURES
from evo.web.figures.front import NOVELTIES, Axes, front_line, front_points, members
from evo.web.figures.spec import COLOURS, DASHES, SYMBOLS, Figure, figure, plain_text


def fronts_figure(campaigns: Sequence[LiveCampaign], measure: str = "b_wr") -> Figure:
    """The front of each campaign by one measure and the behaviour N-score.

    Args:
        campaigns: at least one.
        measure: a key of `MEASURES`.
    """
    axes = Axes("n_behaviour", measure)
    data: list[Figure] = []
    for number, campaign in enumerate(campaigns):
        places = members(campaign.index, measure=measure, novelty=axes.novelty)
        if not len(places):
            continue
        colour, name = COLOURS[number % len(COLOURS)], plain_text(campaign.name)
        dash = DASHES[number // len(COLOURS) % len(DASHES)]
        line = front_line(campaign.index, places, axes, name=name, colour=colour, dash=dash)
        symbol = SYMBOLS[number % len(SYMBOLS)]
        points = front_points(campaign.index, places, axes, name=name, colour=colour, symbol=symbol)
        # One entry in the legend switches both; a click on a point opens its own campaign.
        data.append({**line, "legendgroup": name, "showlegend": False})
        data.append({**points, "legendgroup": name, "meta": campaign.key})
    note = "No candidate has been trained in full yet."
    return figure(data, x=NOVELTIES[axes.novelty], y=MEASURES[measure], note=note, showlegend=True)
