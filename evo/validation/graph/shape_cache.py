"""Cache of operators' output shapes and dtypes, computed without the memory of the outputs.

torch computes them in Python on the meta device, at 60 µs per operator; the same operators meet the
same shapes in most graphs, so most answers are cached. An answer depends only on the operator, its
arguments and the shapes, strides and dtypes of its inputs, never on the history of the cache.

The first operator on the meta device makes torch import its compiler and SymPy, for 1.3 seconds. So
elementwise operators, all that most components consist of, run on a few real numbers instead.
"""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import torch

from evo.validation.graph.allowed import ALLOWED, ELEMENTWISE
from evo.validation.graph.step import GraphStep

_MOST = 20_000


class ShapeCache:
    """Remembers the outputs of steps on the meta device.

    Args:
        capacity: outputs that it holds; it is cleared when full.
    """

    def __init__(self, capacity: int = _MOST) -> None:
        self._capacity = capacity
        self._outputs: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return len(self._outputs)

    def run(self, step: GraphStep, values: Sequence[Any]) -> Any:
        """Run a step on tensors of the meta device, which have shape and dtype but no elements.

        Raises:
            Exception: of any type, from torch, where the shapes do not fit.
        """
        if step.operator is None:
            return step.run(values)
        step = step.at_sizes(values)
        if torch.Tag.pointwise in ALLOWED[step.name].tags:
            # Floats change no shape here: one key for all, so that the first one does not matter.
            step = step._replace(arguments=tuple(map(_same_float, step.arguments)))

        def spec(source: int | None) -> Hashable:
            return None if source is None else _spec(values[source])

        key = (
            step.name,
            repr(step.arguments),
            repr(sorted(step.keywords.items())),
            tuple((position, spec(source)) for position, source in step.single),
            tuple((position, tuple(map(spec, sources))) for position, sources in step.several),
        )
        if key not in self._outputs:
            if len(self._outputs) >= self._capacity:
                self._outputs.clear()
            small = elementwise_output(step, values) if step.name in ELEMENTWISE else None
            self._outputs[key] = step.run(values) if small is None else small
        return self._outputs[key]


def elementwise_output(step: GraphStep, values: Sequence[Any]) -> torch.Tensor | None:
    """The output of an elementwise step, found by a run on real tensors of few elements.

    Each size above 1 becomes 2, which changes neither what is broadcast nor the order of strides.

    Args:
        step: without sizes among its arguments.
        values: tensors of the meta device.

    Returns:
        A tensor of the meta device; None where this way does not tell, as where inputs are not
        contiguous or do not fit each other.
    """
    inputs = {source: values[source] for _, source in step.single}
    if step.several or not all(0 not in t.shape and t.is_contiguous() for t in inputs.values()):
        return None
    small = list(values)
    for source, tensor in inputs.items():
        small[source] = torch.ones([min(size, 2) for size in tensor.shape], dtype=tensor.dtype)
    try:
        shape = np.broadcast_shapes(*(tuple(tensor.shape) for tensor in inputs.values()))
        output = step.run(small)
    except Exception:  # noqa: BLE001 - torch raises anything; the meta device gives the reason
        return None
    if output.shape != tuple(min(size, 2) for size in shape) or not output.is_contiguous():
        return None
    return torch.empty(shape, dtype=output.dtype, device=values[0].device)


SHARED = ShapeCache()
"""The cache of all graphs of this process."""


def _same_float(value: Any) -> Any:
    return 1.0 if isinstance(value, float) else value


def _spec(tensor: torch.Tensor) -> Hashable:
    return tensor.shape, tensor.stride(), tensor.dtype
