"""Informed components: those that take what their kind can tell them beside their arguments.

A loss may see how many samples each class has, a schedule the number of the step, an activation
noise. A source takes such an input by naming a parameter so (`Contract.optional`). A network or a
training gives all of a kind's to a component that is `Informed`, and none to any other.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import torch

from evo.core.contract import Contract, Learnable
from evo.core.learnables import Component


class Counted(ABC):
    """A component that knows its inputs, as graphs do; functions do not.

    Attributes:
        inputs: how many it takes.
    """

    inputs: int

    @abstractmethod
    def reads(self) -> Collection[int]:
        """Indices of those on which its output may depend."""


@dataclass(frozen=True)
class Informed:
    """A component that takes all optional inputs of its kind after the others.

    Attributes:
        component: to call.
        inputs: how many it takes; None for all, fewer where its kind has got further ones since.
    """

    component: Component
    inputs: int | None = None

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The output."""
        return self.component(*inputs[: self.inputs])


def contract_of(component: Component, contract: Contract) -> Contract:
    """The kind's contract as a component keeps it: in full where it takes all optional inputs."""
    return contract.of_graph(component.inputs if isinstance(component, Counted) else None)


def marked(component: Component, contract: Contract, plain: Component | None = None) -> Component:
    """The component as a training takes it: `Informed` where it takes all optional inputs.

    Args:
        component: tells which inputs it takes.
        contract: of its kind.
        plain: what computes it, where that is not the component itself.
    """
    computed = component if plain is None else plain
    kept = contract_of(component, contract)
    if not kept.taken:
        return computed
    is_older = len(kept.taken) < len(contract.optional)
    return Informed(computed, len(kept.parameters) if is_older else None)


def completed(
    component: Component,
    contract: Contract,
    optional: Callable[[torch.Tensor], Sequence[torch.Tensor]],
) -> Component:
    """The component as a function of the inputs that its kind always gives.

    Args:
        component: to complete; one that takes no optional input stays as it is.
        contract: of its kind.
        optional: all optional inputs, in order, for the first argument.
    """
    count = len(contract_of(component, contract).taken)
    if not count:
        return component

    def complete(*inputs: torch.Tensor) -> torch.Tensor:
        return component(*inputs, *optional(inputs[0])[:count])

    return complete


def reads(component: Component, contract: Contract, name: str) -> bool:
    """True if a component takes and reads the optional input of this name."""
    names = contract_of(component, contract).parameters
    if not isinstance(component, Counted) or name not in names:
        return False
    return names.index(name) in component.reads()


def unread(component: Component, contract: Contract) -> frozenset[str]:
    """Names of the optional inputs that a component does not read, and need not take.

    They are those that training could learn, and rows that it takes a pass to see.
    """
    kept = contract_of(component, contract)
    if not isinstance(component, Counted):
        return frozenset()
    places = component.reads()
    read = {name for place, name in enumerate(kept.parameters) if place in places}
    costly = (one for one in kept.taken if one.initial is not None or one.shape == "column")
    return frozenset(one.name for one in costly) - read


def learned_by(component: Component, contract: Contract) -> tuple[Learnable, ...]:
    """The learnables of a component, and the optional inputs that it reads and training learns."""
    left_out = unread(component, contract)
    learned = contract_of(component, contract).learned
    return tuple(one for one in learned if one.name not in left_out)


def without_unread(component: Component, contract: Contract) -> Component:
    """The component as a function of all inputs but those that are `unread`."""
    left_out = unread(component, contract)
    if not left_out:
        return component
    parameters = contract_of(component, contract).parameters

    def of_read(*inputs: torch.Tensor) -> torch.Tensor:
        given = iter(inputs)
        nothing = inputs[0].new_zeros(())
        return component(*(nothing if name in left_out else next(given) for name in parameters))

    return of_read
