"""Run the real search on a landscape, in this process and without training.

Sources are traced in this process only where every operator is one of evo's own syntax-tree
operators: they combine evo's own baselines and evo's own vocabulary, so nothing that a stranger or
a model wrote is run, and the policy has checked each before. Any other operator's sources go
through the sandbox.
"""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import torch

from archive.history.history import History
from archive.novelty.descriptors import TextDescriptor
from evo.campaign import build
from evo.campaign.events import GenerationSealed
from evo.campaign.progress import Progress
from evo.config import Config
from evo.core.records import Record, Status
from evo.core.stages import Stage
from evo.tabular.surrogate.landscape import Landscape
from evo.validation.graph import tracer
from evo.validation.refusal import Refused
from evo.validation.sandbox.sandbox import Sandbox, Traced, TraceRequest

_OWN_OPERATORS = frozenset(
    {
        *("mutate-tree", "crossover-tree", "sample-tree"),
        *("tune-tree", "blend-tree", "simplify-tree"),
    }
)


def search_landscape(config: Config, landscape: Landscape, *, evaluations: int) -> list[Record]:
    """Search until a number of candidates has been evaluated.

    Args:
        config: strategy, sizes and seed; its number of generations is ignored.
        landscape: gives the results of training.
        evaluations: candidates to evaluate.

    Returns:
        All records of the sealed generations, the baselines first; the last generation may go
        beyond the number of evaluations.
    """
    torch.set_num_threads(1)
    config = config.model_copy(
        update={
            "generations": 1_000_000,
            "novelty": config.novelty.model_copy(update={"text_model": "none"}),
        }
    )
    evaluated = 0

    def watch(progress: Progress) -> None:
        nonlocal evaluated
        if any(isinstance(event, GenerationSealed) for event in progress.events):
            evaluated = progress.counts.get(Status.EVALUATED, 0) + progress.counts.get(
                Status.FAILED, 0
            )
            if evaluated >= evaluations:
                raise _BudgetSpent

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evo-landscape-")))
        history = stack.enter_context(
            History.create(folder / "run", config=config.model_dump(mode="json"), environment={})
        )
        own = {name for name, weight in config.operators.items() if weight} <= _OWN_OPERATORS
        sandbox = InProcess() if own else stack.enter_context(Sandbox())
        with suppress(_BudgetSpent):
            build.search(
                history,
                config,
                watch,
                sandbox=sandbox,
                text=TextDescriptor("none"),
                train=landscape.trainer(config.protocol),
                keys={},
            )
        return list(history.records)


class _BudgetSpent(Exception):  # noqa: N818 - no error
    """The evaluations are used up."""


class InProcess(Sandbox):
    """Traces in this process, without walls: for sources of evo's own operators alone."""

    def trace(self, requests: Sequence[TraceRequest]) -> list[Traced]:
        """A graph or a refusal for each request, in order."""
        return [_traced(request) for request in requests]


def _traced(request: TraceRequest) -> Traced:
    try:
        return tracer.trace(request.source, request.function, request.shapes, progress=lambda: None)
    except tracer.TraceError as error:
        return Refused(Stage.TRACE, str(error))
