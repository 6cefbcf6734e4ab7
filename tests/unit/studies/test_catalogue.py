"""Names that `evo list` reads from source files are those that importing them registers."""

import importlib
import pkgutil

import pytest

from evo.core.registry import declared, plugins
from evo.studies.catalogue import SHELVES, catalogue


@pytest.mark.parametrize("title", SHELVES)
def test_the_files_say_what_importing_them_registers(title):
    shelf = SHELVES[title]
    package = importlib.import_module(shelf.package)
    for module in pkgutil.iter_modules(package.__path__, f"{shelf.package}."):
        importlib.import_module(module.name)
    registry = getattr(importlib.import_module(shelf.module), shelf.variable)

    ours = declared(shelf.package, shelf.variable)

    assert set(registry.names()) == set(ours) or plugins()
    for name, declaration in ours.items():
        cls = registry.get(name)
        assert cls.__module__ == declaration.module
        assert (cls.__doc__ or "").splitlines()[0] == declaration.description
    assert catalogue()[title].items() >= {n: d.description for n, d in ours.items()}.items()
