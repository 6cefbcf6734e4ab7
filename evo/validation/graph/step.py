"""One step of a graph: a call of an allowed operator on earlier values."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from evo.validation.graph.sizes import resolved


class GraphStep(NamedTuple):
    """One operator call, with placeholders that `run` fills with values.

    Attributes:
        name: full name of the operator, or "item".
        number: index of the value that the step produces.
        operator: None for "item", which picks one of an operator's several outputs.
        arguments: positional arguments, with placeholders for values and sizes.
        keywords: keyword arguments, with placeholders for sizes; they refer to no value.
        single: (position, value index) of each argument that is a value.
        several: (position, value indices) of each argument that is a list of values, some None.
        sized: position of each argument that is a size or holds sizes.
        sized_keywords: name of each keyword argument that is a size.
        makes: whether the operator makes a tensor from numbers alone, and needs a device.
    """

    name: str
    number: int
    operator: Callable[..., Any] | None
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    single: tuple[tuple[int, int], ...]
    several: tuple[tuple[int, tuple[int | None, ...]], ...]
    sized: tuple[int, ...] = ()
    sized_keywords: tuple[str, ...] = ()
    makes: bool = False

    def at_sizes(self, values: Sequence[Any]) -> "GraphStep":
        """The step with numbers in place of sizes, for values indexed as in the graph."""
        if not self.sized and not self.sized_keywords:
            return self
        arguments = list(self.arguments)
        for position in self.sized:
            arguments[position] = resolved(arguments[position], lambda i: values[i].shape)
        return self._replace(
            arguments=tuple(arguments),
            keywords=self._keywords(values),
            sized=(),
            sized_keywords=(),
        )

    def run(self, values: Sequence[Any]) -> Any:
        """Call the operator on values, indexed as in the graph; its output or outputs."""
        arguments = list(self.arguments)
        for position, source in self.single:
            arguments[position] = values[source]
        for position, sources in self.several:
            arguments[position] = [None if source is None else values[source] for source in sources]
        for position in self.sized:
            arguments[position] = resolved(arguments[position], lambda i: values[i].shape)
        if self.operator is None:
            return arguments[0][arguments[1]]
        keywords = self._keywords(values) if self.sized_keywords else self.keywords
        if self.makes:
            return self.operator(*arguments, **keywords, device=values[0].device)
        return self.operator(*arguments, **keywords)

    def _keywords(self, values: Sequence[Any]) -> dict[str, Any]:
        """The keyword arguments, with numbers in place of sizes."""
        sized = {name: self.keywords[name] for name in self.sized_keywords}
        numbers = {name: resolved(one, lambda i: values[i].shape) for name, one in sized.items()}
        return self.keywords | numbers
