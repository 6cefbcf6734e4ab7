"""Outputs of components: curves over the kind's probe, or bars where behaviour is no curve."""

from collections.abc import Sequence

from evo.core.records import Record
from evo.report.facts.curve import curve_inputs, curve_outputs
from evo.web.figures.spec import COLOURS, DASHES, Figure, figure, numbers, plain_text


def component_figure(kind_name: str, records: Sequence[tuple[str, Record]]) -> Figure:
    """The components of some records, the first one drawn thick.

    Args:
        kind_name: name of the campaign's kind.
        records: each with its label.
    """
    x = curve_inputs(kind_name)
    data = []
    for number, (label, record) in enumerate(records):
        look = {
            "name": plain_text(label),
            "line": {
                "color": COLOURS[(number + 1) % len(COLOURS)],
                "dash": DASHES[number % len(DASHES)],
                "width": 3 if number == 0 else 1.5,
            },
        }
        if x is not None and record.graphs:
            data.append({"type": "scatter", "mode": "lines", "x": numbers(x), **look})
            data[-1]["y"] = numbers(curve_outputs(kind_name, record))
        elif record.behaviour_vector.size:
            values = numbers(record.behaviour_vector, 4)
            data.append({"type": "scatter", "mode": "lines", "y": values, **look})
            data[-1]["line"]["shape"] = "hvh"
    if x is not None:
        return figure(data, x="input", y="output", showlegend=True)
    title = "output, standardised by the baselines"
    return figure(data, x="place in the probe", y=title, showlegend=True)
