"""What every registered provider promises."""

import inspect

import pytest

from evo.llm.providers.base import Provider, providers
from evo.llm.settings import ModelSettings


@pytest.mark.parametrize("name", providers.names())
def test_a_provider_knows_its_name_and_is_made_without_asking_anyone(name: str) -> None:
    found = providers.get(name)

    made = found(ModelSettings(model="nothing-of-this-name"), "key")  # sockets are off here

    assert found.name == name
    assert isinstance(made, Provider)
    assert inspect.iscoroutinefunction(made.complete)
