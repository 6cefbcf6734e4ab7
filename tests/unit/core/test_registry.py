from pathlib import Path

import pytest

from evo.components.base import Kind
from evo.components.kinds import kinds
from evo.core.errors import UsageError
from evo.core.registry import Registry


def test_discovery_finds_the_modules_of_the_package() -> None:
    assert "activation" in kinds.names()
    assert issubclass(kinds.get("activation"), Kind)


def test_an_unknown_name_offers_the_nearest_one() -> None:
    with pytest.raises(UsageError, match=r"Unknown kind 'activaton'\. Did you mean 'activation'"):
        kinds.get("activaton")


def test_two_classes_cannot_share_a_name() -> None:
    registry: Registry[object] = Registry("thing", "evo.components")
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
    registry: Registry[object] = Registry("thing", "first_things")
    monkeypatch.setattr("first_things.registry", registry)

    with pytest.raises(UsageError, match=r"Two things are called 'one': .*Own.* and .*int"):
        registry.register("one")(int)
