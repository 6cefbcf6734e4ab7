"""Everything that there is to choose from, by name."""

import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from evo.core.contract import SEPARATOR
from evo.core.errors import unknown_name
from evo.core.registry import Registry, declared, plugins
from evo.core.user_files import SUFFIX

if TYPE_CHECKING:
    from evo.campaign.config import Config


class Shelf(NamedTuple):
    """Location of a registry, which is imported only where plug-ins may have been added to it.

    Attributes:
        module: that defines it.
        variable: that holds it.
        package: whose modules register themselves in it.
        noun: name of one of its classes in messages.
    """

    module: str
    variable: str
    package: str
    noun: str


SHELVES = {
    "kinds": Shelf("evo.components.kinds", "kinds", "evo.components", "kind"),
    "tasks": Shelf("evo.tasks.base", "tasks", "evo.tasks", "task"),
    "operators": Shelf("operators.base", "operators", "operators", "operator"),
    "survival": Shelf("evo.selection.base", "survivals", "evo.selection", "survival strategy"),
    "parents": Shelf("evo.selection.base", "parent_draws", "evo.selection", "parents strategy"),
    "compute": Shelf(
        "evo.compute.engines.base", "engines", "evo.compute.engines", "compute engine"
    ),
    "tabular": Shelf(
        "evo.studies.tabular.strategy", "strategies", "evo.studies.tabular.strategies", "strategy"
    ),
}
"""The registries that `evo list` shows."""
_PROVIDERS = Shelf("evo.llm.providers.base", "providers", "evo.llm.providers", "provider")
_TRACKERS = Shelf("evo.monitoring.tracking.base", "trackers", "evo.monitoring.tracking", "tracker")

_BASELINES = Path(__file__).parents[1] / "components" / "baselines"


def catalogue() -> dict[str, dict[str, str]]:
    """The JSON document of `evo list --json`: one line of description by name, per registry."""
    from evo.campaign.config import presets, search_strategies  # noqa: PLC0415 - costs time that few commands need

    return {
        **{title: _described(shelf) for title, shelf in SHELVES.items()},
        "further baselines": _further_baselines(),
        "presets": presets(),
        "strategies": search_strategies(),
        "plug-ins": {name: str(plugin) for name, plugin in plugins().items()},
    }


def expect_names(config: "Config") -> None:
    """Expect that everything which a configuration names exists, without importing it.

    Raises:
        UsageError: one of them does not.
    """
    expect_kind(config.kind)
    expect_tasks(config.tasks)
    survivals, parent_draws = zip(*config.selection.strategies, strict=True)
    named = {
        SHELVES["operators"]: config.operators,
        SHELVES["survival"]: survivals,
        SHELVES["parents"]: parent_draws,
        SHELVES["compute"]: [config.compute],
        _PROVIDERS: [model.provider for model in config.llm.models],
        _TRACKERS: config.tracking,
    }
    for shelf, names in named.items():
        for name in names:
            _expect(shelf, name)


def expect_tasks(names: Iterable[str]) -> None:
    """Expect that tasks exist, but for those of files, without importing any.

    Raises:
        UsageError: one of them does not.
    """
    for name in names:
        if not name.endswith(SUFFIX):
            _expect(SHELVES["tasks"], name)


def expect_pool_strategies(names: Iterable[str]) -> None:
    """Expect that strategies of `evo bench tabular` exist, without importing any.

    Raises:
        UsageError: one of them does not.
    """
    for name in names:
        _expect(SHELVES["tabular"], name)


def expect_kind(name: str) -> None:
    """Expect that a kind, or each of a combination, exists, without importing any.

    Raises:
        UsageError: it does not.
    """
    for one in name.split(SEPARATOR):
        _expect(SHELVES["kinds"], one.strip())


def _expect(shelf: Shelf, name: str) -> None:
    ours = declared(shelf.package, shelf.variable)
    # Where others may have registered theirs, the registry itself will tell.
    if name and name not in ours and shelf.module not in sys.modules and not plugins():
        raise unknown_name(shelf.noun, name, ours)


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
