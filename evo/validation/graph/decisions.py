"""Decisions of a component by tensors: `if x.sum() > 0`. Runs in the sandbox's child."""

from collections.abc import Sequence

from evo.validation.graph.calls import Node, nodes_in, with_nodes
from evo.validation.graph.recording import TraceError

_MAX_DECISIONS = 4
_MAX_ASKED = 100
"""Limit with those that are not asked again, or a loop whose condition stays would not end."""


class Decisions:
    """Outcomes of the `if`s on tensors that a function meets: as told, and then always into them.

    What was decided is not asked again: libraries look at `n_sma >= 5` wherever they need it.

    Args:
        start: outcomes of the first decisions.

    Attributes:
        taken: node of the condition and outcome of every decision.
    """

    def __init__(self, start: Sequence[bool] = ()) -> None:
        self._start = start
        self._asked = 0
        self.taken: list[tuple[Node, bool]] = []

    def take(self, condition: Node, written: Sequence[Node]) -> bool:
        """Take the next one.

        Args:
            condition: what is decided by.
            written: the nodes that were written into so far.

        Raises:
            TraceError: there were too many.
        """
        self._asked += 1
        if self._asked > _MAX_ASKED:
            raise TraceError(
                f"it decides by tensors more than {_MAX_ASKED} times, as a loop without end does"
            )
        if self.taken and _sources(condition).isdisjoint(_memory_of(written)):
            for known, outcome in self.taken:
                if _is_same(known, condition):
                    return outcome
        if len(self.taken) >= _MAX_DECISIONS:
            raise TraceError(
                f"it decides by tensors more than {_MAX_DECISIONS} times (`if`, `while`, `and`); "
                "choose between tensors with torch.where"
            )
        place = len(self.taken)
        outcome = self._start[place] if place < len(self._start) else True
        self.taken.append((condition, outcome))
        return outcome


def _is_same(one: Node, other: Node) -> bool:
    """True if two nodes are the same calls of the same values."""
    pending, seen = [(one, other)], set[tuple[Node, Node]]()
    while pending:
        pair = first, second = pending.pop()
        if first is second or pair in seen:
            continue
        seen.add(pair)
        parts = [(node.args, node.kwargs) for node in pair]
        # As texts, in which 1, 1.0 and True differ.
        numbers = [repr(with_nodes(part, lambda _: None)) for part in parts]
        if (first.op, first.target, numbers[0]) != (second.op, second.target, numbers[1]):
            return False
        pending += zip(*map(nodes_in, parts), strict=True)
    return True


def _sources(node: Node) -> set[Node]:
    """A node with all that it is computed from."""
    pending, sources = [node], set[Node]()
    while pending:
        one = pending.pop()
        if one not in sources:
            sources.add(one)
            pending += nodes_in((one.args, one.kwargs))
    return sources


def _memory_of(written: Sequence[Node]) -> set[Node]:
    """The nodes that may share memory with one of these: a view is of its first source."""
    memory = set[Node]()
    for node in written:
        first = [node]
        while first and first[0] not in memory:
            memory.add(first[0])
            first = nodes_in(first[0].args)[:1]
    return memory
