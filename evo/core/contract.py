"""The contract of a component kind: the function and parameters that its source must define."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

SEPARATOR = "+"
"""Separator between the names of kinds that are evolved together."""


_FURTHER_COLUMNS = 3
"""Columns of a probe's "row" beyond those of its first argument: another number than that."""
_FURTHER_ROWS = 9
"""Rows of a probe's "column" beyond twice those of its first argument."""


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


class Input(NamedTuple):
    """An input that a component may take or leave: it takes it by a parameter of that name.

    Attributes:
        name: name of the parameter.
        shape: "argument" for the shape of the first argument; "feature" for its last dimension
            alone, a vector; "row" for a matrix with as many rows and any number of columns;
            "column" for one with as many columns and any number of rows; "number" for ().
        meaning: what it holds, in words for prompts.
        low: the least number in it.
        high: the greatest.
        initial: where training learns it, its value before; None for what is given.
    """

    name: str
    shape: Literal["argument", "feature", "row", "column", "number"]
    meaning: str
    low: float = -3.0
    high: float = 3.0
    initial: float | None = None

    def shape_beside(self, argument: Sequence[int]) -> tuple[int, ...]:
        """Its shape where the first argument has this one."""
        if self.shape == "row":
            return (argument[0], argument[-1] + _FURTHER_COLUMNS)
        if self.shape == "column":
            return (2 * argument[0] + _FURTHER_ROWS, argument[-1])
        last = {"argument": len(argument), "feature": 1, "number": 0}[self.shape]
        return tuple(argument[len(argument) - last :])


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
        optional: inputs that a source may take after those, in any order and without a default. A
            graph takes none of them, or all: see `full`. New ones are added at the end, since a
            graph from before takes the first of them.
        taken: those that the source at hand takes, in their order; see `seeing`.
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
    optional: tuple[Input, ...] = ()
    taken: tuple[Input, ...] = ()

    @property
    def beside(self) -> tuple[str, ...]:
        """Names of scalars, learnables and optional inputs, which the entry function alone has."""
        return (
            *self.scalars,
            *(learnable.name for learnable in self.learnables),
            *(one.name for one in self.taken),
        )

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of all parameters of the entry function, in order."""
        return (*self.arguments, *self.beside)

    @property
    def learned(self) -> tuple[Learnable, ...]:
        """The learnables, and the optional inputs taken that training learns."""
        return (
            *self.learnables,
            *(
                Learnable(
                    one.name, "feature" if one.shape == "feature" else "layer", float(one.initial)
                )
                for one in self.taken
                if one.initial is not None
            ),
        )

    def seeing(self, names: Collection[str]) -> "Contract":
        """The contract of a source that takes the optional inputs of these names."""
        return replace(self, taken=tuple(one for one in self.optional if one.name in names))

    @property
    def full(self) -> "Contract":
        """The contract of a graph that is given all optional inputs."""
        return replace(self, taken=self.optional)

    def of_graph(self, inputs: int | None) -> "Contract":
        """The contract of a graph with as many inputs; None for a plain function, as it stands."""
        further = 0 if inputs is None else inputs - len(self.parameters)
        is_known = 0 < further <= len(self.optional)
        return replace(self, taken=self.optional[:further]) if is_known else self

    def shapes(self, required: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
        """Shapes of all parameters, from those of all but the optional inputs taken."""
        return (
            *(tuple(shape) for shape in required),
            *(one.shape_beside(required[0]) for one in self.taken),
        )
