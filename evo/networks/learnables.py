"""What components learn: where its numbers stand in a network, where they start, who gets them.

A component with learnables stands at several places of a network and has its own at each. They are
parameters of the network's copies like weights and biases, so the same optimiser moves them at the
same rate; they are no weight matrices, so no penalty sees them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch

from evo.core.contract import Learnable

Component = Callable[..., torch.Tensor]
"""A component that is safe to call: the interpreter of a checked graph."""


class FeatureCounts(NamedTuple):
    """Where components stand in a network: the features of the signal there, by a layer's name.

    Attributes:
        activations: after which layers there is an activation.
        norms: at which layers a normalisation stands.
    """

    activations: Mapping[str, int]
    norms: Mapping[str, int]


def starts(learnables: Sequence[Learnable], places: Mapping[str, int]) -> dict[str, torch.Tensor]:
    """The initial values for one copy, () or (features,), by the name of the parameter."""
    return {
        _key(place, learnable): torch.full(
            () if learnable.per == "layer" else (features,), float(learnable.initial)
        )
        for place, features in places.items()
        for learnable in learnables
    }


def on_each_copy(
    component: Component,
    learnables: Sequence[Learnable],
    signal: torch.Tensor,
    place: str,
    parameters: Mapping[str, torch.Tensor],
    *,
    copies_dim: int = 0,
) -> torch.Tensor:
    """The component on the signal of every copy, each with that copy's learnables of the place.

    Args:
        component: takes the signal of one copy and its learnables.
        learnables: may be none.
        signal: with the copies at `copies_dim`, where the output has them, too.
        place: name of the layer.
        parameters: of the network, `starts` among them, each with the copies in front.
        copies_dim: where the copies are.
    """
    learned = [parameters[_key(place, learnable)] for learnable in learnables]
    each = torch.func.vmap(component, (copies_dim, *(0 for _ in learned)), copies_dim)
    return each(signal, *learned)


def _key(place: str, learnable: Learnable) -> str:
    """Ends in the place, never in `.weight`, by which weight matrices are known."""
    return f"{learnable.name}@{place}"
