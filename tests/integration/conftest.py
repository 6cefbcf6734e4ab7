"""What several integration tests stand on."""

import pytest
import torch

from evo.validation.sandbox import Sandbox


@pytest.fixture
def one_thread():
    """Torch on one thread, as in a campaign."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def sandbox():
    """A sandbox whose engine has a secret in its environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_KEY", "secret")
        with Sandbox() as opened:
            yield opened
