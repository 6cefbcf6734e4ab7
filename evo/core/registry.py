"""Where plug-ins are known by name: kinds, tasks, networks and operators, ours and other people's.

A class joins by decoration; the first look-up imports every module of the package and every
entry point of the group `evo.plugins`, so that one new file is enough. A package that cannot be
imported takes nothing down: whoever asks for a name that is not there is told of it.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from evo.core.errors import UsageError, unknown_name
from evo.core.namesakes import folders_of

ENTRY_POINT_GROUP = "evo.plugins"

T = TypeVar("T")
C = TypeVar("C")


class Plugin(NamedTuple):
    """An outside package's entry point, and how importing it went.

    Attributes:
        module: what the entry point names.
        package: the package's name; empty where it has none.
        version: of the package.
        error: why it could not be imported; empty where it could.
    """

    module: str
    package: str
    version: str
    error: str

    def __str__(self) -> str:
        origin = f"{self.module} of {self.package} {self.version}"
        return f"{origin} cannot be imported: {self.error}" if self.error else origin


class Registry(Generic[T]):
    """Classes of one sort by name.

    Args:
        what: the sort in the singular, for messages.
        package: import name of the package whose modules register themselves.
    """

    def __init__(self, what: str, package: str) -> None:
        self.what = what
        self._package = package
        self._classes: dict[str, type[T]] = {}
        self._has_own = False

    def register(self, name: str) -> Callable[[type[C]], type[C]]:
        """Decorator that makes a class known under `name`."""

        def decorate(cls: type[C]) -> type[C]:
            if not cls.__module__.startswith(f"{self._package}."):
                # Ours come first, so that a name taken twice is always the newcomer's fault.
                self._import_own()
            known = self._classes.setdefault(name, cls)  # pyright: ignore[reportArgumentType]
            if known is not cls:
                raise UsageError(f"Two {self.what}s are called {name!r}: {known} and {cls}.")
            return cls

        return decorate

    def get(self, name: str) -> type[T]:
        """The class of that name.

        Raises:
            UsageError: no such name; the message offers the nearest one, and says which plug-ins
                could not be imported.
        """
        names = self.names()
        if name not in names:
            broken = [f"Plug-in {plugin}." for plugin in plugins().values() if plugin.error]
            raise UsageError(" ".join([str(unknown_name(self.what, name, names)), *broken]))
        return self._classes[name]

    def names(self) -> list[str]:
        """All names, sorted."""
        self._import_own()
        plugins()
        return sorted(self._classes)

    def _import_own(self) -> None:
        if self._has_own:
            return
        self._has_own = True
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(folders_of(package), f"{self._package}."):
            importlib.import_module(module.name)


@lru_cache(maxsize=1)  # importing them registers what they bring; once a process
def plugins() -> Mapping[str, Plugin]:
    """Every outside package's entry points by name, imported."""
    found = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name)
    return MappingProxyType({entry.name: _imported(entry) for entry in found})


def _imported(entry: EntryPoint) -> Plugin:
    package, version = (entry.dist.name, entry.dist.version) if entry.dist else ("", "")
    try:
        entry.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - other people's code fails as it likes
        return Plugin(entry.value, package, version, f"{type(error).__name__}: {error}")
    return Plugin(entry.value, package, version, "")
