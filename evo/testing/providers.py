"""Tests that every provider of language models must pass."""

import inspect
import socket
from typing import Any, NoReturn

import pytest

from evo.llm.providers.base import Provider, providers
from evo.llm.settings import ModelSettings


class ProviderSuite:
    """Tests of a provider. Subclass it and define the fixture `provider`."""

    @pytest.fixture
    def provider(self) -> type[Provider]:
        """The provider's class."""
        raise NotImplementedError("Define a fixture `provider` that returns the class to test.")

    def test_it_knows_its_name_and_is_made_without_asking_anyone(
        self, provider: type[Provider], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(socket.socket, "connect", _refuse)

        made = provider(ModelSettings(model="nothing-of-this-name"), "key")

        assert providers.get(provider.name) is provider
        assert isinstance(made, Provider)
        assert inspect.iscoroutinefunction(made.complete)


def _refuse(*_: Any) -> NoReturn:
    raise AssertionError("a provider connects when it is asked, not when it is made")
