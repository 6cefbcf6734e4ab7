"""Settings of where trainings run."""

from typing import NamedTuple

from pydantic import Field, JsonValue

from evo.core.frozen import Frozen


class ClusterSettings(Frozen):
    """Settings by which a compute engine other than `local` finds its machines."""

    address: str = ""
    """Ray: address of a running cluster, such as `auto` or `10.0.0.1:6379`. Empty starts one on
    this machine."""
    folder: str = ""
    """Slurm: folder for jobs and results that this machine and all nodes see; by default
    `~/.cache/evo/slurm`."""
    options: dict[str, JsonValue] = Field(default_factory=dict)
    """Further options of the engine. Slurm: long options of `sbatch`, such as
    `{ partition = "short", time = "04:00:00" }`. Ray: arguments of `ray.init`."""


class Needs(NamedTuple):
    """Needs of trainings that an engine meets.

    Attributes:
        workers: trainings at once; 0 for as many as there is room for.
        most: more at once than this are of no use.
        cpus: processors that each reserves; it trains in one thread all the same.
        gpus: GPUs that each reserves, or the share of one.
        secrets: names of environment variables that no worker may have.
        cluster: where the engine finds its machines.
    """

    workers: int = 0
    most: int = 1
    cpus: float = 1.0
    gpus: float = 0.0
    secrets: frozenset[str] = frozenset()
    cluster: ClusterSettings = ClusterSettings()
