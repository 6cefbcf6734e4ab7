import pytest

from evo.components.base import Kind, kinds
from evo.errors import UsageError
from evo.registry import Registry


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
