"""From a candidate's source to a graph that keeps its kind's contract, or to the reason why not.

    policy → sandbox → graph → contract

The only thing the engine ever runs is the graph.
"""

import math
from collections.abc import Iterator, Sequence

import torch

from evo.components.base import ContractError, Kind
from evo.core.records import Candidate
from evo.validation.graph.arguments import first_line
from evo.validation.graph.graph import Graph, GraphError
from evo.validation.graph.graphs import Graphs
from evo.validation.graph.sizes import Shapes
from evo.validation.policy import rules
from evo.validation.refusal import Refused
from evo.validation.sandbox.sandbox import Sandbox, Traced, TraceRequest

Validation = Graph | Graphs | Refused
"""An accepted candidate's graph (its JSON form is `verdict.text`), or why it fell out."""

_ELEMENTS_PER_INPUT = 10_000
"""What a component may hold for each element of its inputs, all its operators together."""
_ELEMENTS_PER_LARGE_INPUT = 2_000
"""The same at the size of training: what is squared there has grown past it."""
_COPIES = 3
"""Copies that the check under vmap runs side by side."""


class Validator:
    """Validates candidates of one kind, each member's component alone, by the member's contract."""

    def __init__(self, kind: Kind, sandbox: Sandbox) -> None:
        self._kind = kind
        self._members = kind.members
        self._sandbox = sandbox

    def validate(self, candidates: Sequence[Candidate]) -> list[Validation]:
        """A verdict for each candidate, in order."""
        apart = [self._apart(candidate) for candidate in candidates]
        refusals = [self._refusal(*each) for each in zip(candidates, apart, strict=True)]
        traced = iter(
            self._sandbox.trace(
                [
                    TraceRequest(source, member.contract.function, member.trace_shapes)
                    for sources, refusal in zip(apart, refusals, strict=True)
                    if refusal is None
                    for member, source in sources
                ]
            )
        )
        return [self._verdict(traced) if refusal is None else refusal for refusal in refusals]

    def _refusal(self, candidate: Candidate, apart: Sequence[tuple[Kind, str]]) -> Refused | None:
        for member, source in apart:
            try:
                rules.check_source(source, member.contract)
            except Refused as refused:
                return self._of(member, refused)
        if len(self._members) > 1:
            # What belongs to no component never runs; it must be fit to be read all the same.
            try:
                rules.check_source(candidate.source, self._members[0].contract)
            except Refused as refused:
                return refused
        return None

    def _apart(self, candidate: Candidate) -> list[tuple[Kind, str]]:
        """Each member with the source of its component."""
        return list(zip(self._members, self._kind.sources(candidate.source), strict=True))

    def _of(self, member: Kind, refused: Refused) -> Refused:
        """The refusal, which of several components says whose it is."""
        named = f"{member.name}: " if len(self._members) > 1 else ""
        return Refused(refused.stage, f"{named}{refused.reason}")

    def _verdict(self, traced: Iterator[Traced]) -> Validation:
        """On the next candidate, whose members' traces come first."""
        own = [next(traced) for _ in self._members]
        found = [_accept(member, trace) for member, trace in zip(self._members, own, strict=True)]
        graphs: list[Graph] = []
        for member, verdict in zip(self._members, found, strict=True):
            if isinstance(verdict, Refused):
                return self._of(member, verdict)
            graphs.append(verdict)
        return graphs[0] if len(graphs) == 1 else Graphs(graphs)


def _accept(kind: Kind, traced: Traced) -> Graph | Refused:
    if isinstance(traced, Refused):
        return traced
    try:
        graph = Graph.parse(traced)
        for all_shapes, elements_per_input in (
            (kind.trace_shapes, _ELEMENTS_PER_INPUT),
            (kind.large_shapes, _ELEMENTS_PER_LARGE_INPUT),
        ):
            for shapes in all_shapes:
                elements = elements_per_input * sum(map(math.prod, shapes))
                graph.check_budget(shapes, elements=elements)
    except GraphError as error:
        return Refused("graph", str(error))
    try:
        kind.check(graph)
        for shapes in kind.trace_shapes:
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
