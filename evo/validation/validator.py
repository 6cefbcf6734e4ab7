"""From a candidate's source to a graph that keeps its kind's contract, or to the reason why not.

    policy → sandbox → graph → contract

The only thing the engine ever runs is the graph.
"""

import math
from collections.abc import Sequence

import torch

from evo.components.base import ContractError, Kind
from evo.types import Candidate
from evo.validation import policy
from evo.validation.arguments import first_line
from evo.validation.graph import Graph, GraphError
from evo.validation.refusal import Refused
from evo.validation.sandbox import Sandbox, Shapes, Traced, TraceRequest

Verdict = Graph | Refused
"""An accepted candidate's graph (its JSON form is `verdict.text`), or why it fell out."""

_ELEMENTS_PER_INPUT = 10_000
"""What a component may hold for each element of its inputs, all its operators together."""
_ELEMENTS_PER_LARGE_INPUT = 2_000
"""The same at the size of training: what is squared there has grown past it."""
_COPIES = 3
"""Copies that the check under vmap runs side by side."""


class Validator:
    """Validates candidates of one kind."""

    def __init__(self, kind: Kind, sandbox: Sandbox) -> None:
        self._kind = kind
        self._sandbox = sandbox

    def validate(self, candidates: Sequence[Candidate]) -> list[Verdict]:
        """A verdict for each candidate, in order."""
        refusals = [self._refusal(candidate) for candidate in candidates]
        traced = iter(
            self._sandbox.trace(
                [
                    TraceRequest(
                        candidate.source, self._kind.contract.function, self._kind.trace_shapes
                    )
                    for candidate, refusal in zip(candidates, refusals, strict=True)
                    if refusal is None
                ]
            )
        )
        return [self._accept(next(traced)) if refusal is None else refusal for refusal in refusals]

    def _refusal(self, candidate: Candidate) -> Refused | None:
        try:
            policy.check(candidate.source, self._kind.contract)
        except Refused as refused:
            return refused
        return None

    def _accept(self, traced: Traced) -> Verdict:
        if isinstance(traced, Refused):
            return traced
        try:
            graph = Graph.parse(traced)
            for all_shapes, elements_per_input in (
                (self._kind.trace_shapes, _ELEMENTS_PER_INPUT),
                (self._kind.large_shapes, _ELEMENTS_PER_LARGE_INPUT),
            ):
                for shapes in all_shapes:
                    elements = elements_per_input * sum(map(math.prod, shapes))
                    graph.check_budget(shapes, elements=elements)
        except GraphError as error:
            return Refused("graph", str(error))
        try:
            self._kind.check(graph)
            for shapes in self._kind.trace_shapes:
                _check_vmap(graph, shapes)
        except ContractError as error:
            return Refused("contract", str(error))
        except Exception as error:  # noqa: BLE001 - what a graph does is its fault, never a crash
            return Refused("contract", f"the graph fails on the kind's inputs: {first_line(error)}")
        return graph


def _check_vmap(graph: Graph, shapes: Shapes) -> None:
    """Training runs many copies side by side; each must compute what it computes alone."""
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn((_COPIES, *shape), generator=generator) for shape in shapes]
    with torch.no_grad():
        together = torch.func.vmap(graph)(*inputs)
        alone = torch.stack([graph(*(part[i] for part in inputs)) for i in range(_COPIES)])
    if not torch.allclose(together, alone, rtol=1e-4, atol=1e-5, equal_nan=True):
        raise ContractError(
            "expected the same values when many copies run side by side under torch.func.vmap, "
            "got others; use operators that treat every element alike"
        )
