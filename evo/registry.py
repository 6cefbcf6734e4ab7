"""Where plug-ins are known by name: kinds, tasks, networks and operators, ours and other people's.

A class joins by decoration; the first look-up imports every module of the package and every
entry point of the group `evo.plugins`, so that one new file is enough.
"""

import importlib
import pkgutil
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from evo.errors import UsageError, unknown_name

ENTRY_POINT_GROUP = "evo.plugins"

T = TypeVar("T")
C = TypeVar("C")


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
        self._discovered = False

    def register(self, name: str) -> Callable[[type[C]], type[C]]:
        """Decorator that makes a class known under `name`."""

        def decorate(cls: type[C]) -> type[C]:
            known = self._classes.setdefault(name, cls)  # pyright: ignore[reportArgumentType]
            if known is not cls:
                raise UsageError(f"Two {self.what}s are called {name!r}: {known} and {cls}.")
            return cls

        return decorate

    def get(self, name: str) -> type[T]:
        """The class of that name.

        Raises:
            UsageError: no such name; the message offers the nearest one.
        """
        names = self.names()
        if name not in names:
            raise unknown_name(self.what, name, names)
        return self._classes[name]

    def names(self) -> list[str]:
        """All names, sorted."""
        self._discover()
        return sorted(self._classes)

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__, f"{self._package}."):
            importlib.import_module(module.name)
        for entry in entry_points(group=ENTRY_POINT_GROUP):
            entry.load()
