"""Test suites that every plug-in (kind, task, operator, strategy, provider or engine) must pass.

evo's own conformance tests are these suites, run over everything that is registered. Subclass the
suite of your plug-in in a test module and give it the object under test in a fixture. This room
imports pytest and hypothesis; nothing in the engine imports it.
"""

try:
    import hypothesis as _hypothesis
    import pytest as _pytest
except ImportError:
    raise ImportError(
        "evo.testing needs pytest and hypothesis: pip install 'evo-search[testing]'."
    ) from None

# Failing assertions then show their values, as those of a test module do.
_pytest.register_assert_rewrite(
    *(
        f"{__name__}.{room}"
        for room in ("engines", "kinds", "loops", "operators", "providers", "selection", "tasks")
    )
)

from evo.testing.engines import EngineSuite
from evo.testing.kinds import KindSuite
from evo.testing.loops import LoopSuite
from evo.testing.operators import (
    AskingOperatorSuite,
    LearningOperatorSuite,
    OperatorSuite,
    WritingOperatorSuite,
)
from evo.testing.providers import ProviderSuite
from evo.testing.selection import ParentsSuite, SurvivalSuite
from evo.testing.tasks import TaskSuite

del _hypothesis, _pytest

__all__ = [
    "AskingOperatorSuite",
    "EngineSuite",
    "KindSuite",
    "LearningOperatorSuite",
    "LoopSuite",
    "OperatorSuite",
    "ParentsSuite",
    "ProviderSuite",
    "SurvivalSuite",
    "TaskSuite",
    "WritingOperatorSuite",
]
