"""evo: an evolutionary search engine for machine-learning components.

    import evo

    campaign = evo.run("smoke", on_generation=lambda event: print(event.generation))
    for record in campaign.front():
        print(record.score.b_wr.value, record.candidate.source)

Everything in `__all__` is public. A name is imported when it is first used, so that `import evo`
itself costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from evo.core.namesakes import load_packages as _load_packages

if TYPE_CHECKING:
    from evo.api.campaign import Campaign, CampaignState, open  # noqa: A004 - called as `evo.open`
    from evo.api.files import evaluate, validate
    from evo.api.judging import EvaluationResult, ValidationResult
    from evo.api.running import resume, run
    from evo.campaign.config import Config
    from evo.campaign.events import (
        BudgetReached,
        BudgetWarning,
        CandidateEvaluated,
        EndpointDead,
        Event,
        GenerationSealed,
        StopCause,
        Stopped,
    )
    from evo.core.errors import EvoError, HistoryError, UsageError
    from evo.core.records import Record, Status

    __version__: str

_load_packages()  # a user's own `operators.py` must not take the place of evo's

__all__ = [
    "BudgetReached",
    "BudgetWarning",
    "Campaign",
    "CampaignState",
    "CandidateEvaluated",
    "Config",
    "EndpointDead",
    "EvaluationResult",
    "Event",
    "EvoError",
    "GenerationSealed",
    "HistoryError",
    "Record",
    "Status",
    "StopCause",
    "Stopped",
    "UsageError",
    "ValidationResult",
    "evaluate",
    "open",
    "resume",
    "run",
    "validate",
]

_MODULES = {
    "evo.api.campaign": ("Campaign", "CampaignState", "open"),
    "evo.api.files": ("evaluate", "validate"),
    "evo.api.running": ("resume", "run"),
    "evo.campaign.events": (
        "BudgetReached",
        "BudgetWarning",
        "CandidateEvaluated",
        "EndpointDead",
        "Event",
        "GenerationSealed",
        "StopCause",
        "Stopped",
    ),
    "evo.campaign.config": ("Config",),
    "evo.core.errors": ("EvoError", "HistoryError", "UsageError"),
    "evo.core.records": ("Record", "Status"),
    "evo.api.judging": ("EvaluationResult", "ValidationResult"),
}
"""Which module defines each public name."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - costs time that few need pay

        return version("evo-search")
    for module, names in _MODULES.items():
        if name in names:
            value = getattr(import_module(module), name)
            globals()[name] = value  # the next use does not pass here
            return value
    raise AttributeError(f"module 'evo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
