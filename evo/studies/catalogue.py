"""Everything that there is to choose from, by name."""

from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from evo.config import presets, strategies
from evo.core.registry import Registry, declared, plugins


class Shelf(NamedTuple):
    """Location of a registry, which is imported only where plug-ins may have been added to it.

    Attributes:
        module: that defines it.
        variable: that holds it.
        package: whose modules register themselves in it.
    """

    module: str
    variable: str
    package: str


SHELVES = {
    "kinds": Shelf("evo.components.kinds", "kinds", "evo.components"),
    "tasks": Shelf("evo.tasks.base", "tasks", "evo.tasks"),
    "operators": Shelf("operators.base", "operators", "operators"),
    "survival": Shelf("evo.selection.base", "survivals", "evo.selection"),
    "parents": Shelf("evo.selection.base", "parent_draws", "evo.selection"),
    "compute": Shelf("evo.compute.engines.base", "engines", "evo.compute.engines"),
    "tabular": Shelf("evo.tabular.strategy", "strategies", "evo.tabular.strategies"),
}
"""The registries that `evo list` shows."""

_BASELINES = Path(__file__).parents[1] / "components" / "baselines"


def catalogue() -> dict[str, dict[str, str]]:
    """The JSON document of `evo list --json`: one line of description by name, per registry."""
    return {
        **{title: _described(shelf) for title, shelf in SHELVES.items()},
        "further baselines": _further_baselines(),
        "presets": presets(),
        "strategies": strategies(),
        "plug-ins": {name: str(plugin) for name, plugin in plugins().items()},
    }


def _further_baselines() -> dict[str, str]:
    """Names of the known components that a campaign may name as baselines, by kind."""
    folder = _BASELINES / "further"
    return {
        one.name.replace("_", "-"): ", ".join(sorted(path.stem for path in one.glob("*.py")))
        for one in sorted(folder.iterdir())
        if one.is_dir()
    }


def _described(shelf: Shelf) -> dict[str, str]:
    """The first line of each class's docstring, by name."""
    ours = declared(shelf.package, shelf.variable)
    lines = {name: declaration.description for name, declaration in ours.items()}
    if plugins():
        registry: Registry[Any] = getattr(import_module(shelf.module), shelf.variable)
        others = {name: registry.get(name) for name in registry.names() if name not in ours}
        lines |= {name: (cls.__doc__ or "").partition("\n")[0] for name, cls in others.items()}
    return dict(sorted(lines.items()))
