"""The recording of a function: the operators that it called, in order."""

from typing import NamedTuple

import torch
from torch.fx import Graph

from evo.validation.graph.tracked import Ledger


class TraceError(Exception):
    """The source cannot be traced; the message tells its author why."""


class Recording(NamedTuple):
    """Operators that a function called.

    Attributes:
        graph: the calls; tensors that are neither input nor result are `get_attr` nodes.
        constants: those tensors, by the target of their node.
        ledger: the formulas of sizes that it computed.
    """

    graph: Graph
    constants: dict[str, torch.Tensor]
    ledger: Ledger = {}  # noqa: RUF012 - never written to
