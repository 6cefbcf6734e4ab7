"""Keep evo's `archive`, `operators` and `prompts` apart from a user's modules of the same names.

Python keeps one module per name, so a user's `operators.py` would hide evo's package, or evo's
package the user's module. `load_packages`, which `import evo` calls first, lets both live:

- Evo's three packages are loaded from the folder that holds `evo`, whatever comes first on
  `sys.path`. None of the user's code runs for it.
- When code outside evo imports a name of which the user's module comes first on `sys.path`, that
  module takes the name, as if evo were not installed. Evo's submodules (`operators.base`) stay in
  reach through its `__path__`.
- Where the user's is a package with a submodule that evo's has too, no import can be right: it is
  an error that names both folders.

Evo's own code must therefore import submodules only: `from operators.base import …`, never
`from operators import …`. Imports no other module of evo, and must not: it runs before them.
"""

import builtins
import importlib
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import FrameType, ModuleType

PACKAGES = ("archive", "operators", "prompts")

_ROOT = Path(__file__).parents[2]
_EVO_CODE = tuple(f"{_ROOT / name}{os.sep}" for name in ("evo", *PACKAGES))
_python_import = builtins.__import__
_given_away: set[str] = set()
"""Names that modules of the user have now."""


def load_packages() -> None:
    """Load evo's packages, or join them to modules of the user that took their names before.

    Calling it again does nothing more. A process that unpickles functions of `archive` needs it
    as its initializer, so that it meets evo before that name.

    Raises:
        ImportError: a module of the user is loaded, and evo's package cannot live beside it.
    """
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
        # A worker forked by a server gets the `sys.path` of its engine after evo was imported.
        os.register_at_fork(after_in_child=_watch_imports)
    for name in PACKAGES:
        module = sys.modules.get(name)
        if module is None:
            module = importlib.import_module(name)
        if _is_evos(module):
            module.__class__ = _EvosPackage
            if _users_module(name) is not None:
                _watch_imports()
        elif not isinstance(module, _UsersModule):
            folders = list(getattr(module, "__path__", ()))
            _refuse_shared_submodules(name, folders, getattr(module, "__file__", None))
            module.__path__ = [*folders, _folder(name)]
            module.__class__ = _UsersModule
            _given_away.add(name)


def folders_of(package: ModuleType) -> list[str]:
    """The folders that hold evo's modules of a package, without a user's of the same name."""
    name = package.__name__
    return [_folder(name)] if name in PACKAGES else list(package.__path__)


class _EvosPackage(ModuleType):
    """A package of evo that gives way when the user's module turns up on `sys.path` later."""

    def __getattr__(self, key: str) -> object:
        name = self.__name__
        if not key.startswith("__") and sys.modules.get(name) is self:
            users = _users_module(name)
            if users is not None and users.loader and _asks_for_users(users, sys._getframe(1)):  # pyright: ignore[reportPrivateUsage] # the only way to see who asks
                return getattr(_give_way(name, users), key)
        raise AttributeError(f"module {name!r} has no attribute {key!r}")


class _UsersModule(ModuleType):
    """A module of the user that shares its name with a package of evo.

    Evo's submodules are attributes of it where it has none of that name, and overwrite none.
    """

    def __getattr__(self, key: str) -> object:
        module = sys.modules.get(f"{self.__name__}.{key}")
        if module is not None and _is_evos(module):
            return module
        raise AttributeError(f"module {self.__name__!r} has no attribute {key!r}")

    def __setattr__(self, key: str, value: object) -> None:
        is_submodule = value is sys.modules.get(f"{self.__name__}.{key}", self)
        if not (is_submodule and isinstance(value, ModuleType) and _is_evos(value)):
            super().__setattr__(key, value)


class _UsersLoader(SourceFileLoader):
    """Loads a user's module as Python would, but for the class of the module."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _UsersModule(spec.name)


class _Finder(MetaPathFinder):
    """Finds evo's packages beside evo, and a user's module where the name is given to it."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - as Python calls it
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        name, _, submodule = fullname.partition(".")
        if name not in PACKAGES or "." in submodule:
            return None
        if submodule:
            return self._submodule(name, submodule)
        users = _users_module(name) if name in _given_away else None
        return _evos_spec(name) if users is None else _joined(users)

    def _submodule(self, name: str, submodule: str) -> ModuleSpec | None:
        """The user's, where evo's package has the name and no such submodule."""
        if not _is_evos(sys.modules[name]) or submodule in _submodules([_folder(name)]):
            return None
        users = _users_module(name)
        if users is None or submodule not in _submodules(users.submodule_search_locations):
            return None
        module = _give_way(name, users)
        return PathFinder.find_spec(f"{name}.{submodule}", list(module.__path__))


def _watch_imports() -> None:
    builtins.__import__ = _import


def _import(
    name: str,
    globals: Mapping[str, object] | None = None,  # noqa: A002 - as Python calls it
    locals: Mapping[str, object] | None = None,  # noqa: A002
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    """What an import statement does where a module of the user has a name of ours."""
    package, _, submodule = name.partition(".")
    if (
        level == 0
        and package in PACKAGES
        and not _is_evo_code(globals)
        and isinstance(sys.modules.get(package), _EvosPackage)
        and (users := _users_module(package)) is not None
    ):
        asked = {submodule.partition(".")[0]} if submodule else set(fromlist or ())
        users_own = _submodules(users.submodule_search_locations)
        is_evos = asked <= _submodules([_folder(package)]) - users_own
        # A folder without __init__.py has nothing but its modules.
        if asked & users_own or (users.loader and not (submodule and is_evos)):
            _give_way(package, users)
    return _python_import(name, globals, locals, fromlist or (), level)


def _give_way(name: str, users: ModuleSpec) -> ModuleType:
    """The user's module, imported in the place of evo's package.

    Raises:
        ImportError: evo's package cannot live beside it.
    """
    folders = list(users.submodule_search_locations or ())
    _refuse_shared_submodules(name, folders, users.origin)
    evos = sys.modules[name]
    if users.loader is None:
        evos.__path__ = [*evos.__path__, *folders]
    else:
        _given_away.add(name)
        del sys.modules[name]
        try:
            importlib.import_module(name)
        except BaseException:
            _given_away.discard(name)
            sys.modules[name] = evos
            raise
    return sys.modules[name]


def _users_module(name: str) -> ModuleSpec | None:
    """The module of that name that comes before evo's on `sys.path`, if there is one.

    As Python has it, a folder without `__init__.py` counts only where there is nothing else.
    """
    bare = ModuleSpec(name, None, is_package=True)
    bare.submodule_search_locations = folders = list[str]()
    for entry in sys.path:
        spec = PathFinder.find_spec(name, [entry])
        if spec is None:
            continue
        if spec.loader is None or spec.origin is None:
            folders += spec.submodule_search_locations or ()
        elif Path(spec.origin).parent.samefile(_folder(name)):
            break
        else:
            return spec
    return bare if folders else None


def _joined(users: ModuleSpec) -> ModuleSpec:
    """A user's module through which evo's submodules are found too."""
    name = users.name
    users.submodule_search_locations = [*(users.submodule_search_locations or ()), _folder(name)]
    if type(users.loader) is SourceFileLoader:
        users.loader = _UsersLoader(name, users.loader.path)
    return users


def _evos_spec(name: str) -> ModuleSpec | None:
    file = Path(_folder(name), "__init__.py")
    return importlib.util.spec_from_file_location(
        name, file, submodule_search_locations=[_folder(name)]
    )


def _refuse_shared_submodules(name: str, folders: Sequence[str], file: str | None) -> None:
    shared = sorted(_submodules(folders) & _submodules([_folder(name)]))
    if shared:
        yours = Path(file).parent if file else Path(folders[0])
        raise ImportError(
            f"Two packages are called {name!r}, and both have a module {shared[0]!r}: yours, "
            f"{yours}, and evo's, {_folder(name)}. Python keeps one module per name. Rename yours, "
            f"or move it into a package of your own, as my_project/{name}.",
            name=name,
            path=str(yours),
        )


def _asks_for_users(users: ModuleSpec, frame: FrameType | None) -> bool:
    """Whether it is the user's own code that asks, rather than a library that looks around."""
    while frame and str(frame.f_globals.get("__name__")).startswith("importlib."):
        frame = frame.f_back
    asking = frame.f_globals if frame else {}
    place = Path(users.origin or os.curdir).parent
    place = place.parent if users.submodule_search_locations else place
    is_main = asking.get("__name__") in ("__main__", "__mp_main__")
    is_near = place in Path(str(asking.get("__file__", ""))).parents
    return (is_main or is_near) and not _is_evo_code(asking)


def _is_evo_code(names: Mapping[str, object] | None) -> bool:
    return str((names or {}).get("__file__")).startswith(_EVO_CODE)


def _is_evos(module: ModuleType) -> bool:
    return _is_evo_code(vars(module))


def _submodules(folders: Sequence[str] | None) -> set[str]:
    return {module.name for module in pkgutil.iter_modules(folders or [])}


def _folder(name: str) -> str:
    """Where evo's package of that name lies."""
    return str(_ROOT / name)
