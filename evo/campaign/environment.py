"""The environment of a campaign: versions, and the machine that decides the last digits."""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from evo.core.registry import plugins


def environment() -> dict[str, Any]:
    """Versions and machine that a campaign runs on; no environment variables."""
    packages = ("torch", "numpy", "deap", "faiss-cpu", "sentence-transformers", "h5py")
    return {
        "evo": version("evo-search"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        **machine(),
        **{package: version(package) for package in packages},
        **{plugin.package: plugin.version for plugin in plugins().values()},
    }


def machine() -> dict[str, str]:
    """The processor that trainings run on, which decides the last digits of their results."""
    return {
        "processor": platform.machine(),
        "cpu": _cpu_name(),
        "cpu_features": torch.backends.cpu.get_cpu_capability(),
    }


def _cpu_name() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
