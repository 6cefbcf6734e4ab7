"""Needs of a configuration's trainings: the device, and what a compute engine must know."""

from evo.campaign.config import Config
from evo.compute import devices
from evo.compute.engines.base import engines
from evo.compute.settings import Needs
from evo.llm import models

_MANY = 8
"""Fewer workers are not worth a warning."""
_FEW_PER_WORKER = 4
"""Trainings at once per worker; with fewer, most workers waited (docs/measurements/scale.md)."""
_PER_WORKER = 12
"""Trainings per generation and worker that kept workers busy for nine tenths of the time."""
_OVERLAP = 3
"""Generations of overlap with which they did."""


def device_of(config: Config) -> str:
    """Resolve a configuration's device to "cpu" or "cuda".

    Where other machines train, this one need not have the device: "auto" is a GPU there if each
    training reserves one, or a share of one.

    Raises:
        UsageError: "cuda" on a machine without one, or an unknown compute engine.
    """
    if engines.get(config.compute).is_elsewhere:
        if config.device == "auto":
            return "cuda" if config.gpus_per_training else "cpu"
        return config.device
    return devices.resolve(config.device)


def needs_of(config: Config) -> Needs:
    """Needs of a configuration's trainings that an engine meets."""
    return Needs(
        config.workers,
        most=config.trainings,
        cpus=config.cpus_per_training,
        gpus=gpus_of(config),
        secrets=models.secret_names(config.llm),
        cluster=config.cluster,
    )


def gpus_of(config: Config) -> float:
    """GPUs that a training reserves; a whole one as long as its share is not measured."""
    if config.gpus_per_training == "fit":
        return 1.0 if device_of(config) == "cuda" else 0.0
    return config.gpus_per_training


def warnings_of_waiting(config: Config) -> list[str]:
    """A warning where most of many workers would wait for the end of each generation.

    How large generations are is the user's choice, and not the number of workers': it decides what
    is searched.
    """
    if config.workers < _MANY:
        return []
    at_once = config.trainings * (1 + config.overlap)
    if at_once >= _FEW_PER_WORKER * config.workers:
        return []
    trainings = _PER_WORKER * config.workers
    sizes = f"trainings = {trainings}, offspring = {trainings * 3 // 2}"
    if not (config.llm.models or config.llm.budget.trainings):  # which no overlap goes with
        sizes = f"{sizes}, overlap = {_OVERLAP}"
    return [
        f"A generation trains {config.trainings} candidates, so most of {config.workers} workers "
        f"will wait for its end. To keep them busy, say {sizes}: that makes it another search."
    ]
