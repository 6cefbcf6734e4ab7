"""Names that `evo list` reads from source files are those that importing them registers."""

import importlib
import pkgutil

import pytest

from evo.components.kinds import kinds
from evo.core.registry import declared
from evo.studies.catalogue import SHELVES, catalogue


@pytest.mark.parametrize("title", SHELVES)
def test_the_files_say_what_importing_them_registers(title):
    shelf = SHELVES[title]
    package = importlib.import_module(shelf.package)
    for module in pkgutil.iter_modules(package.__path__, f"{shelf.package}."):
        importlib.import_module(module.name)
    registry = getattr(importlib.import_module(shelf.module), shelf.variable)

    ours = declared(shelf.package, shelf.variable)

    # Other tests of the same process may have registered theirs.
    registered = {name for name in registry.names() if _is_in(shelf.package, registry.get(name))}
    assert registered == set(ours)
    for name, declaration in ours.items():
        cls = registry.get(name)
        assert cls.__module__ == declaration.module
        assert (cls.__doc__ or "").splitlines()[0] == declaration.description
    assert catalogue()[title].items() >= {n: d.description for n, d in ours.items()}.items()


def test_further_baselines_are_listed_by_kind():
    listed = catalogue()["further baselines"]

    for kind in kinds.names():
        names = sorted(kinds.get(kind)().further_baselines())
        assert listed.get(kind, "") == ", ".join(names)


def _is_in(package: str, registered: type) -> bool:
    return registered.__module__.startswith(f"{package}.")
