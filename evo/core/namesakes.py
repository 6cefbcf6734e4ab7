"""Load evo's `archive`, `operators` and `prompts`, whatever modules of a user have these names.

Python keeps one module per name, so a user's `operators.py`, which comes first on `sys.path`, would
hide evo's package. `import evo` therefore loads its three packages from the folder that holds `evo`
before anything else. Where a user's code then asks for something that only its own module has, the
error names both files.

Imports no other module of evo, and must not: it runs before them.
"""

import sys
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = {name: _ROOT / name / "__init__.py" for name in ("archive", "operators", "prompts")}
_LAST_ENTRY = "<evo: modules that its packages lack>"
"""Last entry of the packages' `__path__`, searched by `_Lacking`."""


def load_packages() -> None:
    """Load evo's packages; calling it again does nothing more.

    A process that unpickles functions of `archive` needs it as its initializer, so that it imports
    evo before that name.

    Raises:
        ImportError: a module of the user is loaded under one of the names.
    """
    for name, evos in _PACKAGES.items():
        file = _file(sys.modules[name].__spec__) if name in sys.modules else evos
        if file is None or file.resolve() != evos:
            raise ImportError(_two_modules(name, file), name=name)
    if _Lacking not in sys.path_hooks:
        sys.path_hooks.append(_Lacking)
    for name in _PACKAGES:
        module = sys.modules.get(name) or _load(name)
        if _LAST_ENTRY not in module.__path__:
            module.__path__.append(_LAST_ENTRY)
            vars(module)["__getattr__"] = partial(_no_attribute, name)


def _load(name: str) -> ModuleType:
    spec = PathFinder.find_spec(name, [str(_ROOT)])
    assert spec and spec.loader
    sys.modules[name] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Lacking:
    """Path entry finder that Python asks for a submodule when evo's package has none of the name.

    `__getattr__` is not enough: `import operators.mine` does not call it, and its message is lost
    where `from operators import mine` does.
    """

    def __init__(self, entry: str) -> None:
        if entry != _LAST_ENTRY:
            raise ImportError  # how Python wants a hook to refuse an entry

    def find_spec(self, fullname: str, _target: ModuleType | None = None, /) -> None:
        name = fullname.partition(".")[0]
        if users := _users_file(name):
            raise ImportError(f"No module {fullname!r}. {_two_modules(name, users)}", name=fullname)


def _no_attribute(name: str, attribute: str) -> object:
    """Raise an AttributeError: the `__getattr__` of evo's packages."""
    message = f"module {name!r} has no attribute {attribute!r}"
    users = None if attribute.startswith("__") else _users_file(name)
    raise AttributeError(f"{message}. {_two_modules(name, users)}" if users else message)


def _two_modules(name: str, users: Path | None) -> str:
    return (
        f"Two modules are called {name!r}, and Python keeps one per name: evo's, "
        f"{_PACKAGES[name]}, and yours, {users or 'which has no file'}. Rename yours, or move it "
        f"into a package of your own, as my_project.{name}."
    )


def _users_file(name: str) -> Path | None:
    """The file, or the folder without `__init__.py`, that would have the name without evo."""
    entries = [entry for entry in sys.path if Path(entry).resolve() != _ROOT]
    return _file(PathFinder.find_spec(name, entries))


def _file(spec: ModuleSpec | None) -> Path | None:
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
    return next((Path(place) for place in places if place), None)
