"""Decisions of a component by tensors: `if x.sum() > 0`. Runs in the sandbox's child."""

from collections.abc import Sequence

from evo.validation.graph.calls import Node
from evo.validation.graph.recording import TraceError

_MAX_DECISIONS = 4


class Decisions:
    """Outcomes of the `if`s on tensors that a function meets: as told, and then always into them.

    Args:
        told: outcomes of the first decisions.

    Attributes:
        taken: node of the condition and outcome of every decision.
    """

    def __init__(self, told: Sequence[bool] = ()) -> None:
        self._told = told
        self.taken: list[tuple[Node, bool]] = []

    def take(self, condition: Node) -> bool:
        """Take the next one.

        Raises:
            TraceError: there were too many.
        """
        if len(self.taken) >= _MAX_DECISIONS:
            raise TraceError(
                f"it decides by tensors more than {_MAX_DECISIONS} times (`if`, `while`, `and`); "
                "choose between tensors with torch.where"
            )
        place = len(self.taken)
        outcome = self._told[place] if place < len(self._told) else True
        self.taken.append((condition, outcome))
        return outcome
