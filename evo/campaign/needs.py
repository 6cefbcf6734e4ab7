"""Needs of a configuration's trainings: the device, and what a compute engine must know."""

from evo.compute import devices
from evo.compute.engines.base import engines
from evo.compute.settings import Needs
from evo.config import Config
from evo.llm import models


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
