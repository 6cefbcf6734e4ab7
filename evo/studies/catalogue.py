"""Everything that there is to choose from, by name."""

from typing import Any

from evo.components.kinds import kinds
from evo.config import presets
from evo.core.registry import Registry, plugins
from evo.selection.base import parent_draws, survivals
from evo.tabular.strategy import strategies
from evo.tasks.base import tasks
from operators.base import operators


def catalogue() -> dict[str, dict[str, str]]:
    """What `evo list` shows: a line of description by name, for each sort of thing."""
    return {
        "kinds": _described(kinds),
        "tasks": _described(tasks),
        "operators": _described(operators),
        "survival": _described(survivals),
        "parents": _described(parent_draws),
        "tabular": _described(strategies),
        "presets": presets(),
        "plug-ins": {name: str(plugin) for name, plugin in plugins().items()},
    }


def _described(registry: Registry[Any]) -> dict[str, str]:
    """The first line of each class's docstring, by name."""
    found = {name: registry.get(name) for name in registry.names()}
    return {name: (cls.__doc__ or "").partition("\n")[0] for name, cls in found.items()}
