"""Promises of every registered operator, wherever it comes from."""

from pathlib import Path

import pytest
from support.profiles import PROFILE, mostly_heavy

from evo.components.kinds import kinds
from evo.core.contract import Contract
from evo.testing import (
    AskingOperatorSuite,
    LearningOperatorSuite,
    OperatorSuite,
    WritingOperatorSuite,
)
from operators.base import AskingOperator, LearningOperator, Operator, WritingOperator, operators

WILD = Path(__file__).parents[1] / "unit" / "operators" / "wild"
MAKING = [
    name
    for name in operators.names()
    if issubclass(operators.get(name), WritingOperator) and not operators.get(name).copies_parent
]
LEARNING = [name for name in MAKING if issubclass(operators.get(name), LearningOperator)]
WRITING = sorted(set(MAKING) - set(LEARNING))
ASKING = [n for n in operators.names() if issubclass(operators.get(n), AskingOperator)]
REST = sorted(set(operators.names()) - {*MAKING, *ASKING})


FEW = ("activation", "loss", "optimizer", "parametric-activation")
"""Kinds that differ most: one argument, two, several outputs, numbers that training moves."""


class ManyHands(WritingOperatorSuite):
    """Parents are baselines, and for activations also sources of many hands."""

    @pytest.fixture(params=mostly_heavy(FEW, kinds.names()))
    def contract(self, request: pytest.FixtureRequest) -> Contract:
        return kinds.get(request.param).contract

    def sources(self, contract: Contract) -> list[str]:
        paths = sorted(WILD.iterdir())
        wild = [path.read_text() for path in paths[:: 4 if PROFILE == "quick" else 1]]
        return super().sources(contract) + (wild if contract.kind == "activation" else [])


class TestWritingOperators(ManyHands):
    @pytest.fixture(params=WRITING)
    def operator(self, request: pytest.FixtureRequest) -> Operator:
        return operators.get(request.param)()


class TestLearningOperators(ManyHands, LearningOperatorSuite):
    @pytest.fixture(params=LEARNING)
    def operator(self, request: pytest.FixtureRequest) -> Operator:
        return operators.get(request.param)()


class TestAskingOperators(AskingOperatorSuite):
    @pytest.fixture(params=ASKING)
    def operator(self, request: pytest.FixtureRequest) -> Operator:
        return operators.get(request.param)()


class TestOtherOperators(OperatorSuite):
    """Those that hand on a whole component, which makes something new in combinations only."""

    @pytest.fixture(params=REST)
    def operator(self, request: pytest.FixtureRequest) -> Operator:
        return operators.get(request.param)()
