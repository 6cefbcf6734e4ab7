"""Arguments of components of any kind, made from the values of one matrix."""

import torch
import torch.nn.functional as F

from evo.components.kinds import kinds
from evo.core.signature import contract_of_source


def given(kind: str, values: torch.Tensor) -> list[torch.Tensor]:
    """Arguments of a component: the values, and those that its kind gives it beside them."""
    if kind == "loss":
        rows, classes = values.shape
        return [values, F.one_hot(torch.arange(rows) % classes, classes).float()]
    if kind == "schedule":
        return [values.sigmoid()]
    if kind == "optimizer":
        flat = values.flatten()
        return [flat, 0.1 * flat.flip(0), flat.square(), flat.roll(3), torch.tensor(3.0)]
    if kind == "matrix-optimizer":
        given = [values, 0.1 * values.flip(0), values.square(), values.roll(1, 0), values.flip(1)]
        return [*given, torch.tensor(3.0), values.norm() * 2]
    if kind == "gated-activation":
        return [values, 0.7 * values.flip(0).roll(1, -1)]
    contract = kinds.get(kind).contract
    sizes = {"fan_in": values.shape[1], "fan_out": values.shape[0]}
    beside = [torch.tensor(float(sizes[scalar])) for scalar in contract.scalars]
    for learnable in contract.learnables:
        shape = () if learnable.per == "layer" else values.shape[-1:]
        beside.append(torch.full(shape, learnable.initial + 0.3))
    return [values, *beside]


def given_by_name(
    kind: str, source: str, values: torch.Tensor
) -> tuple[list[torch.Tensor], list[int]]:
    """Arguments of a source's graph, and which of them its function takes, in its order."""
    contract, taken = contract_of_source(source, kinds.get(kind).contract)
    arguments = given(kind, values)
    for place, one in enumerate(contract.taken):
        drawn = torch.rand(
            one.shape_beside(values.shape), generator=torch.Generator().manual_seed(place)
        )
        arguments.append(one.low + (one.high - one.low) * drawn)
    return arguments, list(range(len(arguments)) if taken is None else taken)
