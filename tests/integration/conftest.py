"""Fixtures of several integration tests."""

import pytest

from evo.validation.sandbox.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox():
    """A sandbox whose engine has a secret in its environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_KEY", "secret")
        with Sandbox() as opened:
            yield opened
