"""Outputs of components on the probe of their kind, as far as they are a curve.

A component runs here as its traced graph of allowed operators; its source is never executed.
"""

from evo.campaign.baselines import raw_behaviour
from evo.components.kinds import kinds
from evo.core.records import Record, Vector


def curve_inputs(kind_name: str) -> Vector | None:
    """(p,) inputs of a kind's probe; None where its outputs are no curve over them."""
    return kinds.get(kind_name)().abscissae()


def curve_outputs(kind_name: str, record: Record) -> Vector:
    """(p,) outputs of a record's component at `curve_inputs`."""
    return raw_behaviour(kinds.get(kind_name)(), record)
