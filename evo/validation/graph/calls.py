"""Recorded calls and what they refer to, in order. Runs in the sandbox's child.

As `torch.fx.Graph` without code, users and unique names: a child is new and its memory is copied
page by page, so that whatever it need not touch is time.
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal

Op = Literal["placeholder", "get_attr", "call_function", "output"]


class Node:
    """An input, a constant, a call or the output of a recorded function.

    Attributes:
        op: which of these.
        target: what is called; the name of an input or constant.
        args: positional arguments, with nodes in place of tensors.
        kwargs: keyword arguments, likewise.
        meta: what else is known of the value.
        number: place among the nodes that were ever added.
    """

    __slots__ = ("args", "kwargs", "meta", "number", "op", "target")

    def __init__(
        self, op: Op, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any], number: int
    ) -> None:
        self.op: Op = op
        self.target = target
        self.args = args
        self.kwargs = kwargs
        self.meta: dict[str, Any] = {}
        self.number = number

    @property
    def name(self) -> str:
        """A name that no other node of the calls has."""
        return f"{getattr(self.target, '__name__', self.target)}_{self.number}"

    def __repr__(self) -> str:
        return self.name


class Calls:
    """The nodes of a function, in order.

    Attributes:
        nodes: all of them.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._added = 0

    def add(
        self,
        op: Op,
        target: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Node:
        """Add a node at the end."""
        node = Node(op, target, args, {} if kwargs is None else kwargs, self._added)
        self._added += 1
        self.nodes.append(node)
        return node

    def call(
        self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None
    ) -> Node:
        """Add a call at the end."""
        return self.add("call_function", target, args, kwargs)

    def take_back(self, node: Node) -> None:
        """Remove the node that was added last.

        Raises:
            ValueError: it is another one.
        """
        if self.nodes[-1] is not node:
            raise ValueError("expected the node that was added last")
        self.nodes.pop()


def with_nodes(value: Any, instead: Callable[[Node], Any]) -> Any:
    """An argument with something in place of each node in it."""
    if isinstance(value, Node):
        return instead(value)
    if type(value) is tuple:
        return tuple([with_nodes(part, instead) for part in value])
    if isinstance(value, list):
        return [with_nodes(part, instead) for part in value]
    if type(value) is dict:
        return {key: with_nodes(part, instead) for key, part in value.items()}
    return value


def nodes_in(value: Any) -> list[Node]:
    """The nodes in an argument, in order."""
    nodes: list[Node] = []
    _collect((value,), nodes)
    return nodes


def _collect(parts: Iterable[Any], nodes: list[Node]) -> None:
    for part in parts:
        if isinstance(part, Node):
            nodes.append(part)
        elif isinstance(part, list | tuple):
            _collect(part, nodes)
        elif type(part) is dict:
            _collect(part.values(), nodes)
