"""Sources as the graphs that the tracer makes of them in this process, and as plain functions."""

import linecache
from collections.abc import Callable, Sequence
from typing import Any

from evo.components.kinds import kinds
from evo.core.signature import contract_of_source
from evo.validation.graph import tracer
from evo.validation.graph.graph import Graph

_AS_THE_KIND_SAYS = (-1,)


def traced_kind(
    kind: str,
    source: str,
    *,
    kept: Sequence[int] | None = _AS_THE_KIND_SAYS,
    progress: Callable[[], None] = lambda: None,
) -> Graph:
    """The graph of a source, traced as a component of a kind, without sandbox or policy."""
    found = kinds.get(kind)()
    contract, taken = contract_of_source(source, found.contract)
    text = tracer.trace(
        source,
        contract.function,
        tuple(map(contract.shapes, found.trace_shapes)),
        wide_shapes=tuple(map(contract.shapes, found.wide_shapes)),
        ranges=found.ranges_of(contract),
        kept=found.kept_places(contract) if kept == _AS_THE_KIND_SAYS else kept,
        taken=taken,
        progress=progress,
    )
    return Graph.parse(text)


def as_function(kind: str, source: str) -> Callable[..., Any]:
    """The entry function of a source, as Python runs it."""
    file = f"<{kind} {hash(source)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {"__name__": "candidate"}
    exec(compile(source, file, "exec"), namespace)
    return namespace[kinds.get(kind).contract.function]
