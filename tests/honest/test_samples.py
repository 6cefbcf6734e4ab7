"""Samples of sources written from the prompts' contracts, before a look at the policy."""

import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from support.profiles import PROFILE

from evo.components.kinds import kinds
from evo.core.records import Candidate
from evo.validation.refusal import Refused
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator


class Sample(NamedTuple):
    """A sample, a folder with a file per kind.

    Attributes:
        folder: its name.
        count: its sources.
        rightly: those that are refused rightly.
        limits: those that are refused wrongly: known limits.
    """

    folder: str
    count: int
    rightly: frozenset[tuple[str, str]]
    limits: frozenset[tuple[str, str]]


SAMPLES = (
    # The root of the first has no finite slope where a sample is surely right.
    Sample("second", 107, frozenset({("loss", "tversky")}), frozenset()),
    # It compares all pairs of features, 17 GB at 256 × 4096.
    Sample(
        "third",
        160,
        frozenset({("preprocessor", "histogram_equalize")}),
        frozenset(),
    ),
    # It compares all pairs of features; has groups of one feature; loops over numbers of a tensor.
    Sample(
        "fourth",
        299,
        frozenset(
            {
                ("normalization", "group_manual"),
                ("preprocessor", "softrank"),
                ("schedule", "python_branches"),
            }
        ),
        frozenset(),
    ),
    # It is no number where all weights are 0; it overflows where they are in the hundreds.
    Sample(
        "fifth",
        312,
        frozenset({("regularizer", "hoyer_square"), ("regularizer", "log_cosh")}),
        frozenset(),
    ),
)


@pytest.mark.long
@pytest.mark.skipif(PROFILE != "nightly", reason="make test-long")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.folder)
def test_all_but_the_known_limits_are_accepted(sample: Sample) -> None:
    refused: dict[tuple[str, str], str] = {}
    count = 0
    with Sandbox() as sandbox:
        for kind in kinds.names():
            file = Path(__file__).parent / sample.folder / f"{kind}.toml"
            sources = tomllib.loads(file.read_text())
            count += len(sources)
            candidates = [
                Candidate.of(kind, source, operator="test") for source in sources.values()
            ]
            verdicts = Validator(kinds.get(kind)(), sandbox).validate(candidates)
            refused |= {
                (kind, name): str(verdict)
                for name, verdict in zip(sources, verdicts, strict=True)
                if isinstance(verdict, Refused)
            }

    assert count == sample.count
    assert refused.keys() == sample.rightly | sample.limits, refused
