"""Promises of the compute engines that need nothing but this machine."""

import pytest

from evo.compute.engines.base import Engine
from evo.compute.engines.local import Local
from evo.testing import EngineSuite


class TestLocal(EngineSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> type[Engine]:
        return Local
