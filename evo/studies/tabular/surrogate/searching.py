"""Run the real search on a landscape, in this process and without training.

Sources are traced in this process only where every operator is one of evo's own that write without
a language model. Any other operator's sources go through the sandbox.
"""

import math
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import torch

from archive.history.history import History
from archive.novelty.descriptors import TextDescriptor
from evo.campaign.budget import CampaignHours
from evo.campaign.build import run_search
from evo.campaign.config import Config
from evo.campaign.islands import check_islands
from evo.campaign.progress import Progress
from evo.campaign.resources import Resources
from evo.core.errors import UsageError
from evo.core.records import Record
from evo.proposing.operators import are_own, portfolio_of
from evo.studies.tabular.surrogate.examples import Grounds
from evo.studies.tabular.surrogate.in_process import InProcess
from evo.studies.tabular.surrogate.landscape import KIND, TASK, Landscape
from evo.validation.sandbox.sandbox import Sandbox

_MEMORY = "/dev/shm"  # noqa: S108 - a folder of a random name is made in it


def search_landscape(config: Config, landscape: Landscape, *, evaluations: int) -> list[Record]:
    """Run a whole search of about as many generations as the evaluations fill.

    Args:
        config: strategy, sizes and seed; its number of generations is ignored.
        landscape: gives the results of training.
        evaluations: candidates to evaluate; the last generation may go beyond.

    Returns:
        All records of the sealed generations, the baselines first.

    Raises:
        UsageError: the configuration is not of the landscape's kind and task, or asks a model.
    """
    check_search(config, landscape.grounds)
    torch.set_num_threads(1)
    config = config.model_copy(
        update={
            "generations": math.ceil(evaluations / config.trainings),
            "novelty": config.novelty.model_copy(update={"text_model": "none"}),
        }
    )
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="evo-landscape-", dir=_memory_folder())
            )
        )
        history = stack.enter_context(
            History.create(folder / "run", config=config.model_dump(mode="json"), environment={})
        )
        sandbox = InProcess() if are_own(config.operators) else stack.enter_context(Sandbox())
        hours = CampaignHours()
        train = landscape.trainer(config.protocol)
        resources = Resources(sandbox, TextDescriptor("none"), train, keys={}, hours=hours)
        run_search(history, _ignore, resources)
        return list(history.records)


def check_search(config: Config, grounds: Grounds = Grounds()) -> None:  # noqa: B008
    """Check that a configuration can be searched with on the landscape.

    Args:
        config: of the search.
        grounds: how the landscape's examples were trained.

    Raises:
        UsageError: it is of another kind or task, asks a language model, trains for another time
            than the examples did, or names an unknown strategy or operator.
    """
    if config.kind != KIND or config.tasks != (TASK,):
        raise UsageError(
            f"The landscape knows kind {KIND!r} on task {TASK!r}; got {config.kind!r} on "
            f"{', '.join(config.tasks)}."
        )
    if config.llm.models:
        raise UsageError("A search on the landscape asks no language model; leave out llm.models.")
    Landscape.check_protocol(config.protocol, grounds)
    check_islands(config)
    portfolio_of(config.operators, config.portfolio)


def _memory_folder() -> str | None:
    """A folder in memory, where the history waits for no disk; None for the usual one."""
    return _MEMORY if os.access(_MEMORY, os.W_OK) else None


def _ignore(_: Progress) -> None:
    pass
