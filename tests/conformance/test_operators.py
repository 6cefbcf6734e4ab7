"""Promises of every registered operator, wherever it comes from."""

from pathlib import Path

import pytest

from evo.core.contract import Contract
from evo.testing import AskingOperatorSuite, OperatorSuite, WritingOperatorSuite
from operators.base import AskingOperator, Operator, WritingOperator, operators

WILD = Path(__file__).parents[1] / "unit" / "operators" / "wild"
MAKING = [
    name
    for name in operators.names()
    if issubclass(operators.get(name), WritingOperator) and not operators.get(name).copies_parent
]
ASKING = [n for n in operators.names() if issubclass(operators.get(n), AskingOperator)]
REST = sorted(set(operators.names()) - {*MAKING, *ASKING})


class TestWritingOperators(WritingOperatorSuite):
    @pytest.fixture(params=MAKING)
    def operator(self, request: pytest.FixtureRequest) -> Operator:
        return operators.get(request.param)()

    def sources(self, contract: Contract) -> list[str]:
        """Baselines, and for activations those of many hands."""
        wild = [path.read_text() for path in sorted(WILD.iterdir())]
        return super().sources(contract) + (wild if contract.kind == "activation" else [])


class TestAskingOperators(AskingOperatorSuite):
    @pytest.fixture(params=ASKING)
    def operator(self, request: pytest.FixtureRequest) -> Operator:
        return operators.get(request.param)()


class TestOtherOperators(OperatorSuite):
    """Those that hand on a whole component, which makes something new in combinations only."""

    @pytest.fixture(params=REST)
    def operator(self, request: pytest.FixtureRequest) -> Operator:
        return operators.get(request.param)()
