"""The contract of a component kind: the function and parameters that its source must define."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

SEPARATOR = "+"
"""Separator between the names of kinds that are evolved together."""


class Learnable(NamedTuple):
    """A trainable parameter of a component.

    Attributes:
        name: name of the argument.
        per: "layer" for one at each place where the component is used, shape (); "feature" for one
            per feature of the signal there, shape (features,).
        initial: its value before training.
    """

    name: str
    per: Literal["layer", "feature"]
    initial: float


@dataclass(frozen=True)
class Contract:
    """The function that a kind's source must define, and the calls that an operator may write.

    Attributes:
        kind: name of the kind.
        function: name of the entry function.
        arguments: its first parameters, tensors of one shape.
        imports: import lines that a component of this kind starts with.
        vocabulary: calls that an operator may write, with one `{}` per tensor argument, such as
            `torch.tanh({})` or `torch.maximum({}, {})`.
        description: the contract in words, for users and prompts.
        output: template that turns an expression of the arguments' shape into an output.
        scalars: parameters that follow the arguments, tensors of shape ().
        learnables: trainable parameters that follow those.
    """

    kind: str
    function: str
    arguments: tuple[str, ...]
    imports: tuple[str, ...]
    vocabulary: tuple[str, ...]
    description: str
    output: str = "{}"
    scalars: tuple[str, ...] = ()
    learnables: tuple[Learnable, ...] = ()

    @property
    def beside(self) -> tuple[str, ...]:
        """Names of scalars and learnables, whose shape is not that of the arguments."""
        return (*self.scalars, *(learnable.name for learnable in self.learnables))

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of all parameters of the entry function, in order."""
        return (*self.arguments, *self.beside)
