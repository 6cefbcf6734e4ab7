"""Fixtures of several integration tests."""

import pytest
from fault_server import FaultServer
from sandboxed import HONEST, trace

from evo.validation.sandbox.sandbox import Sandbox, Traced


@pytest.fixture(scope="module")
def sandbox():
    """A sandbox whose engine has a secret in its environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_KEY", "secret")
        with Sandbox() as opened:
            yield opened


@pytest.fixture(scope="module")
def unsafe():
    """A sandbox that may be told which walls to build."""
    with Sandbox(unsafe=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def honest_trace(sandbox) -> Traced:
    """The trace of an honest source."""
    return trace(sandbox, HONEST)[0]


@pytest.fixture
def server():
    """A server on loopback that errs as it is told to."""
    with FaultServer().running() as server:
        yield server
