"""Promises of every registered provider."""

import pytest

from evo.llm.providers.base import Provider, providers
from evo.testing import ProviderSuite


class TestProviders(ProviderSuite):
    @pytest.fixture(params=providers.names())
    def provider(self, request: pytest.FixtureRequest) -> type[Provider]:
        return providers.get(request.param)
