"""A sample of 107 sources, written from the prompts' contracts before a look at the policy."""

import tomllib
from pathlib import Path

import pytest
from support.profiles import PROFILE

from evo.components.kinds import kinds
from evo.core.records import Candidate
from evo.validation.refusal import Refused
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator

FOLDER = Path(__file__).parent / "second"
RIGHTLY = {("loss", "tversky")}
"""Its root has no finite slope where a sample is surely right."""
LIMITS = {("activity-regularizer", "vicreg_covariance"), ("normalization", "trimmed")}
"""Refused wrongly: an `if` by a size, one way of which a single traced size goes."""


@pytest.mark.long
@pytest.mark.skipif(PROFILE != "nightly", reason="make test-long")
def test_all_but_the_known_limits_are_accepted() -> None:
    refused: dict[tuple[str, str], str] = {}
    with Sandbox() as sandbox:
        for kind in kinds.names():
            sources = tomllib.loads((FOLDER / f"{kind}.toml").read_text())
            candidates = [
                Candidate.of(kind, source, operator="test") for source in sources.values()
            ]
            verdicts = Validator(kinds.get(kind)(), sandbox).validate(candidates)
            refused |= {
                (kind, name): str(verdict)
                for name, verdict in zip(sources, verdicts, strict=True)
                if isinstance(verdict, Refused)
            }

    assert refused.keys() == RIGHTLY | LIMITS, refused
