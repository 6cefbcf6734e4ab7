"""The recording of a function: the operators that it called, in order."""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from evo.validation.graph.calls import Calls, Node
from evo.validation.graph.tracked import Choice, Ledger


class TraceError(Exception):
    """The source cannot be traced; the message tells its author why."""


class ForbiddenWayError(BaseException):
    """A component goes a way of which the policy says that it must not; no `except` holds it."""


def at_line(error: TraceError, line: int) -> TraceError:
    """The error with its line before it, where it is known and not said yet."""
    text = str(error)
    return TraceError(f"line {line}: {text}") if line and not text.startswith("line ") else error


class Recording(NamedTuple):
    """Operators that a function called.

    Attributes:
        graph: the calls; tensors that are neither input nor result are `get_attr` nodes.
        constants: those tensors, by the target of their node.
        ledger: the formulas of sizes that it computed.
        has_lists: whether it has a list of tensors, whose length may follow a size.
        choices: the comparisons of sizes that it made.
        conditions: nodes of the tensors that it decided by.
    """

    graph: Calls
    constants: dict[str, torch.Tensor]
    conditions: Sequence[Node] = ()
    has_lists: bool = False
    choices: Sequence[Choice] = ()
    ledger: Ledger = {}  # noqa: RUF012 - never written to
