"""Every registered kind must keep these; a new kind is tested by being registered."""

import pytest

from evo.components.base import Kind
from evo.components.kinds import kinds
from evo.testing import KindSuite


class TestKinds(KindSuite):
    @pytest.fixture(params=kinds.names())
    def kind(self, request: pytest.FixtureRequest) -> Kind:
        return kinds.get(request.param)()
