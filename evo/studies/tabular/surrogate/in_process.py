"""Trace sources in this process, without walls: for sources of evo's own operators alone.

They combine evo's own baselines and evo's own vocabulary, so that nothing from outside is run, and
the policy has checked each before.
"""

from collections.abc import Sequence
from functools import lru_cache

from evo.core.stages import Stage
from evo.validation.graph import tracer
from evo.validation.refusal import Refused
from evo.validation.sandbox.sandbox import Sandbox, Traced, TraceRequest


class InProcess(Sandbox):
    """A sandbox in name: it traces in this process."""

    def trace(self, requests: Sequence[TraceRequest]) -> list[Traced]:
        """A graph or a refusal for each request, in order."""
        return [traced_here(request) for request in requests]


@lru_cache(maxsize=1024)
def traced_here(request: TraceRequest) -> Traced:
    """The graph of one request, or a refusal; the latest are remembered."""
    try:
        return tracer.trace(
            request.source,
            request.function,
            request.shapes,
            wide_shapes=request.wide_shapes,
            ranges=request.ranges,
            kept=request.kept,
            taken=request.taken,
            progress=lambda: None,
        )
    except tracer.TraceError as error:
        return Refused(Stage.TRACE, str(error))
