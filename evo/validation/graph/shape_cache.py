"""Shapes and dtypes of what operators give, found without memory and remembered.

torch works them out in Python, at 60 µs an operator; the same operators meet the same shapes in
every graph, so most answers are there already. What comes out depends on the operator, its
arguments and the forms of its inputs alone, never on what was asked before.
"""

from collections.abc import Hashable, Sequence
from typing import Any

import torch

from evo.validation.graph.document import GraphStep

_MOST = 20_000
"""Answers that are kept; then it starts anew."""

_remembered: dict[Hashable, Any] = {}


def run_on_meta(step: GraphStep, values: Sequence[Any]) -> Any:
    """What a step gives on values of the meta device, which have a form but no elements.

    Raises:
        Exception: of any sort, from torch, where the forms do not fit.
    """
    operator: Any = step.operator
    if operator is None:
        return step.run(values)
    if torch.Tag.pointwise in operator.tags:
        # Their floats change no form. One for all, so that it never matters whose came first.
        step = step._replace(arguments=tuple(map(_same_float, step.arguments)))
    key = (
        step.name,
        repr(step.arguments),
        repr(sorted(step.keywords.items())),
        tuple((position, _spec(values[source])) for position, source in step.single),
        tuple(
            (position, tuple(_spec(values[source]) for source in sources))
            for position, sources in step.several
        ),
    )
    if key not in _remembered:
        if len(_remembered) >= _MOST:
            _remembered.clear()
        _remembered[key] = step.run(values)
    return _remembered[key]


def _same_float(value: Any) -> Any:
    return 1.0 if isinstance(value, float) else value


def _spec(tensor: torch.Tensor) -> Hashable:
    return tensor.shape, tensor.stride(), tensor.dtype
