"""Registries of kinds, tasks, operators, strategies and providers by name, plug-ins included.

A class is registered by a decorator, `@kinds.register("name")`, so that one new file is enough.
Evo's own modules are found by parsing their source: listing names imports none of them, and `get`
imports only the one that has the name. Entry points of the group `evo.plugins` are imported when
names are listed, or for a name that is none of evo's. A plug-in that cannot be imported does no
harm; the error message for an unknown name mentions it.
"""

import ast
import importlib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from evo.core.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINT_GROUP = "evo.plugins"

_T = TypeVar("_T")
C = TypeVar("C")


class Plugin(NamedTuple):
    """An entry point of another package, and the result of importing it.

    Attributes:
        module: the module that the entry point names.
        package: the package's name; empty where it has none.
        version: the package's version.
        error: reason why it could not be imported; empty where it could.
    """

    module: str
    package: str
    version: str
    error: str

    def __str__(self) -> str:
        origin = f"{self.module} of {self.package} {self.version}"
        return f"{origin} cannot be imported: {self.error}" if self.error else origin


class Declaration(NamedTuple):
    """A class that one of evo's modules registers, according to its source.

    Attributes:
        module: the module that defines the class.
        description: first line of the class's docstring.
    """

    module: str
    description: str


class Registry(Generic[_T]):
    """Classes of one type of plug-in by name.

    Args:
        what: the type in the singular, for messages.
        package: import name of the package whose modules register themselves.
        variable: name of the variable that holds this registry in their source.
    """

    def __init__(self, what: str, package: str, variable: str) -> None:
        self.what = what
        self._package = package
        self._variable = variable
        self._classes: dict[str, type[_T]] = {}

    def register(self, name: str) -> Callable[[type[C]], type[C]]:
        """Decorator that registers a class as `name`, which must be a literal in evo's own files.

        Raises:
            UsageError: another class has the name.
        """

        def decorate(cls: type[C]) -> type[C]:
            if not cls.__module__.startswith(f"{self._package}."):
                # Evo's own come first, so that a name taken twice is reported for the plug-in.
                self._import_declared(name)
            first = self._classes.setdefault(name, cls)  # pyright: ignore[reportArgumentType]
            if first is not cls:
                raise UsageError(
                    f"Two {self.what}s are called {name!r}: {first} and {cls}. Rename one of them."
                )
            return cls

        return decorate

    def get(self, name: str) -> type[_T]:
        """The class of that name.

        Raises:
            UsageError: there is no such name; the message suggests the nearest one, and lists
                plug-ins that could not be imported.
        """
        self._import_declared(name)
        if name not in self._classes:
            broken = [f"Plug-in {plugin}." for plugin in plugins().values() if plugin.error]
            if name not in self._classes:
                unknown = unknown_name(self.what, name, self.names())
                raise UsageError(" ".join([str(unknown), *broken]))
        return self._classes[name]

    def names(self) -> list[str]:
        """All names, sorted."""
        plugins()
        return sorted({*declared(self._package, self._variable), *self._classes})

    def _import_declared(self, name: str) -> None:
        declaration = declared(self._package, self._variable).get(name)
        if declaration is not None:
            importlib.import_module(declaration.module)


@lru_cache  # files do not change while a process runs
def declared(package: str, variable: str) -> Mapping[str, Declaration]:
    """Classes that modules of a package register, by name; none of them is imported.

    Args:
        package: import name of the package.
        variable: name of the variable that holds the registry.

    Raises:
        UsageError: a file is not valid Python, or two classes have one name.
    """
    folders = importlib.import_module(package).__path__
    declarations: dict[str, Declaration] = {}
    for path in sorted(path for folder in folders for path in Path(folder).glob("[!.]*.py")):
        source = path.read_text(encoding="utf-8")
        if f"{variable}.register(" not in source:
            continue  # saves the time to parse it
        try:
            tree = ast.parse(source, str(path))
        except SyntaxError as error:
            raise UsageError(f"{path}, line {error.lineno}: {error.msg}.") from None
        for name, description in _registered(tree, variable):
            declaration = Declaration(f"{package}.{path.stem}", description)
            if (first := declarations.setdefault(name, declaration)) is not declaration:
                raise UsageError(
                    f"{first.module} and {declaration.module} both register {name!r}. "
                    "Rename one of them."
                )
    return MappingProxyType(declarations)


def _registered(tree: ast.Module, variable: str) -> Iterator[tuple[str, str]]:
    """Yield name and description of each class decorated with `variable.register("name")`."""
    for node in tree.body:
        for decorator in node.decorator_list if isinstance(node, ast.ClassDef) else []:
            match decorator:
                case ast.Call(
                    func=ast.Attribute(
                        value=ast.Name(id=holder) | ast.Attribute(attr=holder), attr="register"
                    ),
                    args=[ast.Constant(value=str(name))],
                ) if holder == variable and isinstance(node, ast.ClassDef):
                    yield name, (ast.get_docstring(node, clean=False) or "").partition("\n")[0]
                case _:
                    pass


@lru_cache(maxsize=1)  # importing them registers their classes; once per process
def plugins() -> Mapping[str, Plugin]:
    """Import the entry points of other packages; the results by name."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - most commands ask for none

    entries = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name)
    return MappingProxyType({entry.name: _imported(entry) for entry in entries})


def _imported(entry: "EntryPoint") -> Plugin:
    package, version = (entry.dist.name, entry.dist.version) if entry.dist else ("", "")
    try:
        entry.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plug-in may raise anything
        return Plugin(entry.value, package, version, f"{type(error).__name__}: {error}")
    return Plugin(entry.value, package, version, "")
