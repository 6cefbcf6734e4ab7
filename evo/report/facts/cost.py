"""The cost of running a component: time and memory of a pass, learned numbers, from its graph.

Time is measured where the front is drawn, so it is the machine's; memory and numbers are counted.
"""

import math
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, cast

import torch

from evo.components.base import Kind
from evo.components.kinds import kinds
from evo.core.informed import contract_of
from evo.core.records import Record
from evo.validation.graph.graph import Graph

_PASSES = 5
"""Passes of which the fastest counts."""
_LEAST, _MOST = 1e-3, 1.0
"""Bounds of random inputs, which suit every kind."""


class Cost(NamedTuple):
    """Cost of one forward and backward pass on inputs of the size that the kind's checks use.

    Attributes:
        microseconds: of the fastest of a few passes.
        bytes: kept between forward and backward pass.
        parameters: learned numbers that the graph uses, at the kind's first trace.
    """

    microseconds: float
    bytes: int
    parameters: int


def cost_of(record: Record) -> Cost:
    """The cost of a record's component; of a combination, the sum over its members."""
    return _cost(record.candidate.kind, record.graphs)


@lru_cache(maxsize=4096)
def _cost(kind_name: str, graphs: tuple[str, ...]) -> Cost:
    kind = kinds.get(kind_name)()
    costs = [_of_member(*pair) for pair in zip(kind.members, graphs, strict=True)]
    return Cost(*(sum(parts) for parts in zip(*costs, strict=True)))


def _of_member(kind: Kind, text: str) -> Cost:
    component = Graph.parse(text)
    required = max((*kind.trace_shapes, *kind.wide_shapes), key=lambda one: math.prod(one[0]))
    shapes = contract_of(component, kind.contract).shapes(required)
    times: list[float] = []
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    for _ in range(_PASSES):
        inputs = _inputs(shapes)
        kept.clear()
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            start = time.perf_counter()
            output = component(*inputs)
            if output.requires_grad:
                torch.autograd.grad(output.sum(), inputs, allow_unused=True)
            times.append(time.perf_counter() - start)
    return Cost(1e6 * min(times), sum(kept.values()), _used(kind, text))


def _used(kind: Kind, text: str) -> int:
    """Learned numbers that the output depends on."""
    graph = Graph.parse(text)
    contract = contract_of(graph, kind.contract)
    names = {one.name for one in contract.learned}
    if not names:
        return 0
    inputs = _inputs(contract.shapes(kind.trace_shapes[0]))
    output = graph(*inputs)
    learned = [one for one, name in zip(inputs, contract.parameters, strict=True) if name in names]
    gradients = cast(
        Sequence[torch.Tensor | None],
        torch.autograd.grad(output.sum(), learned, allow_unused=True),
    )
    return sum(
        number.numel()
        for number, gradient in zip(learned, gradients, strict=True)
        if gradient is not None
    )


def _inputs(shapes: Sequence[tuple[int, ...]]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [
        (_LEAST + (_MOST - _LEAST) * torch.rand(shape, generator=generator)).requires_grad_()
        for shape in shapes
    ]
