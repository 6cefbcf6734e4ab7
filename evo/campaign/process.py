"""Run a campaign in this process: with its worker processes, its sandbox and its models' keys."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch

from archive.history.history import History
from archive.history.lost_attempts import note_loss
from archive.history.reader import Reader
from archive.history.records import Records
from archive.history.replies import Replies
from archive.novelty.descriptors import TextDescriptor
from evo.campaign import build
from evo.campaign.budget import counted_hours
from evo.campaign.config import Config, parse
from evo.campaign.needs import device_of, gpus_of, needs_of
from evo.campaign.progress import OnProgress
from evo.campaign.resources import Resources
from evo.components.kinds import kinds
from evo.compute import devices
from evo.compute.engines.base import Engine, engines
from evo.compute.lost_attempts import LostAttempt
from evo.compute.packing import per_gpu
from evo.compute.work import Work
from evo.compute.workers import Workers
from evo.llm import models
from evo.validation.baselines import own_baselines
from evo.validation.sandbox.sandbox import Sandbox

_MOST_PER_GPU = 32
"""Trainings that share a GPU of another machine, whose scheduler counts its processors."""


def run_campaign(
    history: History,
    watch: OnProgress,
    *,
    unsafe_sandbox: bool = False,
    replay: Reader | None = None,
    known: Sequence[Records] = (),
    replies: Sequence[Replies] = (),
    last: int | None = None,
) -> None:
    """Run a campaign from its last sealed generation to its end.

    Args:
        history: the campaign's, open for writing.
        watch: called with a snapshot at every event.
        unsafe_sandbox: run where walls of the sandbox are absent. It is not stored: a resumed
            campaign needs it again.
        replay: a campaign whose recorded replies of language models are used; none is requested.
        known: records of other campaigns whose trainings count in this one.
        replies: of other campaigns, which answer a request that they have been asked.
        last: generation to stop after; None for the campaign's end.

    Raises:
        BudgetReachedError: the budget is used up; everything is saved.
    """
    config = parse(history.config, where=str(history.folder / "config.json"))
    if history.generation >= config.generations:
        return
    torch.set_num_threads(1)
    text = TextDescriptor(config.novelty.text_model)
    with (
        text.loading(),  # takes seconds: in the background, while workers start and train
        counted_hours(history.folder, limit=config.llm.budget.hours) as hours,
        models.withheld_keys(config.llm, replayed=replay is not None) as keys,
    ):
        if history.generation < 0 and replay is None:
            # Do the models of a new campaign answer? Asked before workers start and train.
            is_late = partial(hours.passed, config.llm.budget.hours)
            models.greet(config.llm, history, keys=keys, is_late=is_late)
        note = partial(_note, history.folder)
        with workers(config, note=note) as pool, Sandbox(unsafe=unsafe_sandbox) as sandbox:
            resources = Resources(
                sandbox,
                text,
                pool.run,
                keys,
                hours,
                replay,
                known=known,
                replies=replies,
                last=last,
                staff=partial(_staff, pool, measured_share(config, pool)),
                abandon=pool.abandon,
            )
            build.run_search(history, watch, resources)


def measured_share(config: Config, pool: Workers) -> float | None:
    """Share of a GPU that a training takes of its memory; None where it need not be measured.

    Args:
        config: a campaign's.
        pool: its workers, one per GPU.

    Raises:
        EvoError: the largest network does not fit.
    """
    if config.gpus_per_training != "fit" or device_of(config) != "cuda":
        return None
    peak = pool.peak_memory(own_baselines(kinds.get(config.kind)())[0].graphs)
    if peak is None:
        return None
    most = _MOST_PER_GPU
    if not engines.get(config.compute).is_elsewhere:
        cores = devices.worker_count("cpu", cpus=config.cpus_per_training)
        most = max(1, cores // devices.worker_count("cuda"))
    return 1 / per_gpu(peak, most=most)


def _staff(pool: Workers, share: float | None, config: Config) -> None:
    """Give a pool the workers and the limits of time that a configuration asks for."""
    if share is not None and config.gpus_per_training == "fit":
        config = config.model_copy(update={"gpus_per_training": share})
    pool.adapt(engine_of(config))


def _note(folder: Path, loss: LostAttempt) -> None:
    """Note a loss for `evo status`."""
    note_loss(folder, loss.cause.value, where=loss.where, jobs=loss.jobs, detail=loss.detail)


def configured_workers(config: Config) -> int:
    """Number of workers of a configuration; where a cluster says it, the most that are of use."""
    if config.workers:
        return config.workers
    if engines.get(config.compute).is_elsewhere:
        return config.trainings
    # More processes than a generation has trainings would only start up and wait.
    on_this_machine = devices.worker_count(
        device_of(config), cpus=config.cpus_per_training, gpus=gpus_of(config)
    )
    return min(on_this_machine, config.trainings)


def engine_of(config: Config) -> Engine:
    """The compute engine of a configuration, not started.

    Raises:
        UsageError: there is none of the name.
    """
    work = Work(config.kind, config.tasks, config.protocol, device_of(config), config.timeout_s)
    return engines.get(config.compute)(work, needs_of(config))


def workers(config: Config, *, note: Callable[[LostAttempt], None] = lambda _: None) -> Workers:
    """Workers that train for a configuration.

    Args:
        config: a campaign's.
        note: called with every loss.
    """
    return Workers(engine_of(config), note=note)
