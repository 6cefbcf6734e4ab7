import importlib
import sys
from pathlib import Path

import pytest

from evo.components.base import Kind
from evo.components.kinds import kinds
from evo.core.errors import UsageError
from evo.core.registry import Registry, declared


def test_discovery_finds_the_modules_of_the_package() -> None:
    assert "activation" in kinds.names()
    assert issubclass(kinds.get("activation"), Kind)


def test_an_unknown_name_offers_the_nearest_one() -> None:
    with pytest.raises(UsageError, match=r"Unknown kind 'activaton'\. Did you mean 'activation'"):
        kinds.get("activaton")


def test_two_classes_cannot_share_a_name() -> None:
    registry: Registry[object] = Registry("thing", "evo.components", "things")
    registry.register("one")(int)

    with pytest.raises(UsageError, match="Two things are called 'one'"):
        registry.register("one")(str)


def test_a_name_of_ours_cannot_be_taken_even_by_who_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "first_things").mkdir()
    (tmp_path / "first_things" / "__init__.py").write_text("registry = None\n")
    (tmp_path / "first_things" / "own.py").write_text(
        "import first_things\n\n@first_things.registry.register('one')\nclass Own: ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    registry: Registry[object] = Registry("thing", "first_things", "registry")
    monkeypatch.setattr("first_things.registry", registry)

    with pytest.raises(UsageError, match=r"Two things are called 'one': .*Own.* and .*int"):
        registry.register("one")(int)


@pytest.fixture
def things(tmp_path, monkeypatch) -> Path:
    """An empty package; what it holds is registered by `@things.register("name")`."""
    folder = tmp_path / f"things_{tmp_path.name}"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def thing(name: str, line: str = "") -> str:
    docstring = f'"""{line}\n\n    More."""'
    return f'from x import things\n@things.register("{name}")\nclass Thing:\n    {docstring}'


def test_what_files_register_is_read_without_importing_them(things: Path) -> None:
    (things / "one.py").write_text(thing("first", "The first."))
    (things / "two.py").write_text(thing("second").replace("@things", "@x.things"))
    (things / "other.py").write_text(thing("third").replace("things", "stuff"))
    (things / "no_class.py").write_text('things.register("fourth")(int)\n')

    assert declared(things.name, "things") == {
        "first": (f"{things.name}.one", "The first."),
        "second": (f"{things.name}.two", ""),
    }
    assert not any(name.startswith(f"{things.name}.") for name in sys.modules)


def test_a_file_that_is_not_python_is_named(things: Path) -> None:
    (things / "broken.py").write_text(thing("first") + "\nclass\n")

    with pytest.raises(UsageError, match=r"broken\.py, line 7: invalid syntax"):
        declared(things.name, "things")


def test_two_files_cannot_register_one_name(things: Path) -> None:
    (things / "one.py").write_text(thing("same"))
    (things / "two.py").write_text(thing("same"))

    with pytest.raises(UsageError, match=r"\.one and .*\.two both register 'same'"):
        declared(things.name, "things")


def test_only_the_module_of_the_name_that_is_asked_for_is_imported(things: Path) -> None:
    for name in ("one", "two"):
        (things / f"{name}.py").write_text(
            f"from {things.name} import things\n\n@things.register('{name}')\nclass Thing: ...\n"
        )
    package = importlib.import_module(things.name)
    registry: Registry[object] = Registry("thing", things.name, "things")
    package.things = registry  # type: ignore[attr-defined]

    assert registry.get("one").__module__ == f"{things.name}.one"
    assert registry.names() == ["one", "two"]
    assert f"{things.name}.two" not in sys.modules
