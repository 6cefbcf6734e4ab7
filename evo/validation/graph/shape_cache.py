"""Cache of operators' output shapes and dtypes, computed on the meta device without memory.

torch computes them in Python, at 60 µs per operator; the same operators meet the same shapes in
most graphs, so most answers are cached. An answer depends only on the operator, its arguments and
the shapes, strides and dtypes of its inputs, never on the history of the cache.
"""

from collections.abc import Hashable, Sequence
from typing import Any

import torch

from evo.validation.graph.allowed import ALLOWED
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
            self._outputs[key] = step.run(values)
        return self._outputs[key]


SHARED = ShapeCache()
"""The cache of all graphs of this process."""


def _same_float(value: Any) -> Any:
    return 1.0 if isinstance(value, float) else value


def _spec(tensor: torch.Tensor) -> Hashable:
    return tensor.shape, tensor.stride(), tensor.dtype
