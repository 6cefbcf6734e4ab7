"""What the source of a component kind must define."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

SEPARATOR = "+"
"""Stands between the names of kinds that are evolved together."""


class Learnable(NamedTuple):
    """A number that a component is given and that training moves.

    Attributes:
        name: of the argument.
        per: "layer" for one at each place where the component stands, shape (); "feature" for one
            for each feature of the signal there, (features,).
        initial: where it starts.
    """

    name: str
    per: Literal["layer", "feature"]
    initial: float


@dataclass(frozen=True)
class Contract:
    """What the source of a kind must define, and the words an operator may build from.

    Attributes:
        kind: name of the kind.
        function: name of the entry function.
        arguments: its first parameters, tensors of one shape.
        imports: lines that a component of this kind starts with.
        vocabulary: calls that an operator may write, a `{}` for each tensor argument,
            such as `torch.tanh({})` or `torch.maximum({}, {})`.
        description: the contract in words, for people and prompts.
        output: makes an output of an expression that has the shape of the arguments.
        scalars: parameters that follow the arguments, tensors of shape ().
        learnables: parameters that follow those; training moves them.
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
        """The parameters whose shape is not that of the arguments."""
        return (*self.scalars, *(learnable.name for learnable in self.learnables))

    @property
    def parameters(self) -> tuple[str, ...]:
        """All parameters of the entry function in order."""
        return (*self.arguments, *self.beside)
