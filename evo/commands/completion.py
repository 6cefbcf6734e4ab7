"""Names that a shell completes on Tab; each list is made without importing what it names."""

from importlib import resources
from pathlib import Path

from evo.api.folders import run_names
from evo.core.registry import declared


def complete_run(incomplete: str) -> list[str]:
    """Campaigns under `runs/`."""
    return [name for name in run_names() if name.startswith(incomplete)]


def complete_config(incomplete: str) -> list[str]:
    """Presets, and the TOML files that a path begins."""
    return _settings_files("evo.data.presets", incomplete)


def complete_strategy(incomplete: str) -> list[str]:
    """Search strategies, and the TOML files that a path begins."""
    return _settings_files("evo.data.strategies", incomplete)


def complete_kind(incomplete: str) -> list[str]:
    """Kinds of components; after a `+`, a further one."""
    before, plus, last = incomplete.rpartition("+")
    kinds = declared("evo.components", "kinds")
    return [before + plus + name for name in kinds if name.startswith(last)]


def complete_task(incomplete: str) -> list[str]:
    """Tasks."""
    return [name for name in declared("evo.tasks", "tasks") if name.startswith(incomplete)]


def _settings_files(package: str, incomplete: str) -> list[str]:
    files = resources.files(package).iterdir()
    ours = sorted(file.name.removesuffix(".toml") for file in files if ".toml" in file.name)
    start = Path(incomplete)
    folder = start if incomplete.endswith("/") else start.parent
    paths = [str(path) for path in (*folder.glob("*.toml"), *folder.glob("*/")) if path.exists()]
    names = [*ours, *sorted(paths)]
    return [name for name in names if name.startswith(incomplete)]
