"""One step of a graph: a call of an allowed operator on earlier values."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from evo.validation.graph.sizes import Size


class GraphStep(NamedTuple):
    """One operator call, with placeholders that `run` fills with values.

    Attributes:
        name: full name of the operator, or "item".
        number: index of the value that the step produces.
        operator: None for "item", which picks one of an operator's several outputs.
        arguments: positional arguments, with placeholders for values and sizes.
        keywords: keyword arguments; they refer to no value.
        single: (position, value index) of each argument that is a value.
        several: (position, value indices) of each argument that is a list of values.
        sized: (position, index in that list or None, size) of each argument that is a size.
    """

    name: str
    number: int
    operator: Callable[..., Any] | None
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    single: tuple[tuple[int, int], ...]
    several: tuple[tuple[int, tuple[int, ...]], ...]
    sized: tuple[tuple[int, int | None, Size], ...] = ()

    def run(self, values: Sequence[Any]) -> Any:
        """Call the operator on values, indexed as in the graph; its output or outputs."""
        arguments = list(self.arguments)
        for position, source in self.single:
            arguments[position] = values[source]
        for position, sources in self.several:
            arguments[position] = [values[source] for source in sources]
        for position, index, size in self.sized:
            number = size.of(values[size.input].shape)
            if index is None:
                arguments[position] = number
            else:
                arguments[position] = [*arguments[position]]
                arguments[position][index] = number
        if self.operator is None:
            return arguments[0][arguments[1]]
        return self.operator(*arguments, **self.keywords)
