"""Promises of every registered strategy, wherever it comes from."""

import pytest

from evo.selection.base import Parents, Survival, parent_draws, survivals
from evo.testing import ParentsSuite, SurvivalSuite


class TestSurvivals(SurvivalSuite):
    @pytest.fixture(scope="class", params=survivals.names())
    @classmethod
    def survival(cls, request: pytest.FixtureRequest) -> Survival:
        return survivals.get(request.param)()


class TestParentDraws(ParentsSuite):
    @pytest.fixture(scope="class", params=parent_draws.names())
    @classmethod
    def draw(cls, request: pytest.FixtureRequest) -> Parents:
        return parent_draws.get(request.param)()
