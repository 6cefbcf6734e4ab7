"""Validate candidates: turn source into a graph that keeps its kind's contract, or refuse it.

    policy → sandbox → graph → contract

The engine runs only the graph, never the source.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import torch

from evo.components.base import ContractError, Kind
from evo.core.informed import contract_of
from evo.core.records import Candidate
from evo.core.signature import contract_of_source
from evo.core.stages import Stage
from evo.validation.behaviour import behaviour_of
from evo.validation.graph.arguments import first_line
from evo.validation.graph.graph import BudgetError, Graph, GraphError
from evo.validation.graph.graphs import Graphs
from evo.validation.graph.sizes import Shapes
from evo.validation.policy import rules
from evo.validation.policy.source_lines import with_lines
from evo.validation.refusal import Refused
from evo.validation.sandbox.sandbox import Sandbox, Traced, TraceRequest

Validation = Graph | Graphs | Refused
"""An accepted candidate's graph (its JSON form is `verdict.texts`), or its refusal."""

_ELEMENTS_PER_INPUT = 10_000
"""Budget of elements per input element, over all operators of a component."""
_ELEMENTS_PER_LARGE_INPUT = 2_000
"""Budget at the size of training, which a cost that grows with the square exceeds."""
_REMEMBERED = 1024
"""Traces whose verdicts a process keeps: campaigns that follow each other share baselines."""
_COPIES = 3
"""Copies that the check under vmap runs together."""


class Validator:
    """Validate candidates of one kind; each member's component by the member's own contract."""

    def __init__(self, kind: Kind, sandbox: Sandbox) -> None:
        self._kind = kind
        self._members = kind.members
        self._sandbox = sandbox

    def validate(self, candidates: Sequence[Candidate]) -> list[Validation]:
        """One graph or refusal per candidate, in order."""
        components = [self._components(candidate) for candidate in candidates]
        refusals = [self._refusal(*pair) for pair in zip(candidates, components, strict=True)]
        traced = iter(
            self._sandbox.trace(
                [
                    _request(member, source)
                    for sources, refusal in zip(components, refusals, strict=True)
                    if refusal is None
                    for member, source in sources
                ]
            )
        )
        return [
            self._verdict(sources, traced) if refusal is None else refusal
            for sources, refusal in zip(components, refusals, strict=True)
        ]

    def _refusal(
        self, candidate: Candidate, components: Sequence[tuple[Kind, str]]
    ) -> Refused | None:
        """The policy's refusal, None where it has none."""
        for member, source in components:
            try:
                rules.check_source(source, member.contract)
            except Refused as refused:
                return self._name_member(member, refused)
        if len(self._members) > 1:
            # Source outside all components never runs, but people and models read it.
            try:
                rules.check_source(candidate.source, self._members[0].contract)
            except Refused as refused:
                return refused
        return None

    def _components(self, candidate: Candidate) -> list[tuple[Kind, str]]:
        """Pairs of a member and the source of its component."""
        return list(zip(self._members, self._kind.sources(candidate.source), strict=True))

    def _name_member(self, member: Kind, refused: Refused) -> Refused:
        """The refusal, which names its member where a candidate has several."""
        name = member.name if len(self._members) > 1 else ""
        return Refused(refused.stage, refused.reason, member=name)

    def _verdict(
        self, components: Sequence[tuple[Kind, str]], traced: Iterator[Traced]
    ) -> Validation:
        """Graph or refusal of the next candidate, one trace per member."""
        verdicts = [_accept(member, source, next(traced)) for member, source in components]
        graphs: list[Graph] = []
        for member, verdict in zip(self._members, verdicts, strict=True):
            if isinstance(verdict, Refused):
                return self._name_member(member, verdict)
            graphs.append(verdict)
        return graphs[0] if len(graphs) == 1 else Graphs(graphs)


def _request(kind: Kind, source: str) -> TraceRequest:
    contract, taken = contract_of_source(source, kind.contract)
    return TraceRequest(
        rules.check_source(source, kind.contract),
        contract.function,
        tuple(map(contract.shapes, kind.trace_shapes)),
        tuple(map(contract.shapes, kind.wide_shapes)),
        kind.ranges_of(contract),
        kind.kept_places(contract),
        taken,
    )


def _accept(kind: Kind, source: str, traced: Traced) -> Graph | Refused:
    if isinstance(traced, Refused):
        return traced
    try:
        return accepted_graph(type(kind), traced)
    except BudgetError as error:
        return Refused(Stage.GRAPH, with_lines(str(error), source, error.operator))
    except Refused as refused:
        return refused


@lru_cache(maxsize=_REMEMBERED)
def accepted_graph(kind_type: type[Kind], traced: str) -> Graph:
    """The graph of a trace that passes, which depends on nothing else; no refusal is kept.

    Raises:
        BudgetError: it costs too much.
        Refused: it is no sound graph, or breaks the contract.
    """
    kind = kind_type()
    try:
        graph = Graph.parse(traced)
        contract = contract_of(graph, kind.contract)
        for all_shapes, elements_per_input in (
            (kind.trace_shapes, _ELEMENTS_PER_INPUT),
            (kind.large_shapes, _ELEMENTS_PER_LARGE_INPUT),
        ):
            for shapes in map(contract.shapes, all_shapes):
                elements = elements_per_input * sum(map(math.prod, shapes))
                graph.check_budget(shapes, elements=elements)
    except BudgetError:
        raise  # whose source is needed to name the line
    except GraphError as error:
        raise Refused(Stage.GRAPH, str(error)) from error
    try:
        kind.check(graph)
        _check_behaviour(kind, graph)
        for shapes in map(contract.shapes, kind.trace_shapes):
            _check_vmap(graph, shapes, kind.ranges_of(contract))
    except ContractError as error:
        raise Refused(Stage.CONTRACT, str(error)) from error
    except Exception as error:
        reason = f"the graph fails on the kind's inputs: {first_line(error)}"
        raise Refused(Stage.CONTRACT, reason) from error
    return graph


def _check_behaviour(kind: Kind, graph: Graph) -> None:
    """Check that novelty can compare it: the probe may go where the kind's check does not."""
    if not np.isfinite(behaviour_of(kind, graph)).all():
        raise ContractError(
            "expected finite values where components are compared (the kind's probe), got others"
        )


def _check_vmap(graph: Graph, shapes: Shapes, ranges: Sequence[tuple[float, float]] | None) -> None:
    """Check that copies under vmap, as training runs them, compute what each computes alone."""
    graph = _in_single_precision(graph)
    inputs = _copies(tuple(map(tuple, shapes)), None if ranges is None else tuple(ranges))
    with torch.no_grad():
        batched = torch.func.vmap(graph)(*inputs)
        single = torch.stack([graph(*(stack[i] for stack in inputs)) for i in range(_COPIES)])
    if not torch.equal(batched, single) and not torch.allclose(
        *(batched, single), rtol=1e-4, atol=1e-5, equal_nan=True
    ):
        raise ContractError(
            "expected the same values when many copies run side by side under torch.func.vmap, "
            "got others; use operators that treat every element alike"
        )


@lru_cache(maxsize=64)
def _copies(
    shapes: tuple[tuple[int, ...], ...], ranges: tuple[tuple[float, float], ...] | None
) -> list[torch.Tensor]:
    """Inputs of all copies at these shapes, which are remembered and not to be written to."""
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn((_COPIES, *shape), generator=generator) for shape in shapes]
    if ranges is None:
        return inputs
    return [
        low + (high - low) * torch.sigmoid(values)
        for values, (low, high) in zip(inputs, ranges, strict=True)
    ]


def _in_single_precision(graph: Graph) -> Graph:
    """The graph where it computes in half precision, which vmap's kernels round otherwise."""
    text = graph.text
    for dtype in ("bfloat16", "float16"):
        text = text.replace(f'"{dtype}"', '"float32"')
    return graph if text == graph.text else Graph.parse(text)
