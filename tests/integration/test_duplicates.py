"""Candidates that compute the same are recognised however they are spelled, and no others."""

from collections import Counter

import numpy as np
import pytest
from support.spellings import Pairs, recognised, spellings

from archive.novelty.novelty_archive import rms_distance
from archive.novelty.settings import DUPLICATE_WITHIN
from evo.components.kinds import kinds
from evo.core.records import Record, Status
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator

KNOWN = spellings()
FUNCTIONS = [spelling.function for spelling in KNOWN]


def through_the_walls(sandbox: Sandbox, sources: list[str]) -> list[Record]:
    kind = kinds.get("activation")()
    return recognised(kind, Validator(kind, sandbox), sources)


@pytest.fixture(scope="module")
def records(sandbox: Sandbox) -> list[Record]:
    return through_the_walls(sandbox, [spelling.source for spelling in KNOWN])


def vectors(records: list[Record]) -> np.ndarray:
    return np.stack([record.behaviour_vector for record in records])


def test_there_are_32_functions_in_four_different_spellings_each() -> None:
    assert len(set(FUNCTIONS)) == 32
    assert set(Counter(FUNCTIONS).values()) == {4}
    assert len({spelling.source for spelling in KNOWN}) == len(KNOWN)


def test_nearly_all_equal_pairs_are_within_the_threshold_and_no_different_one_is(records) -> None:
    told = Pairs(vectors(records), FUNCTIONS, rms_distance).told(DUPLICATE_WITHIN)

    assert (told.equal, told.different) == (32 * 6, 32 * 31 // 2 * 16)
    assert told.found >= 0.99 * told.equal
    assert told.wrong == 0


def test_in_a_campaign_each_function_is_new_once_and_its_other_spellings_are_duplicates(
    records,
) -> None:
    new = Counter(f for f, r in zip(FUNCTIONS, records, strict=True) if r.status is Status.PROPOSED)
    function_of = {record.id: name for name, record in zip(FUNCTIONS, records, strict=True)}
    baselines = {known.id: name for name, known in kinds.get("activation")().baselines().items()}

    assert set(new) == set(FUNCTIONS) - set(baselines.values())
    assert set(new.values()) == {1}
    for name, record in zip(FUNCTIONS, records, strict=True):
        if record.status is Status.DUPLICATE:
            twin = record.reason.removeprefix("computes the same as ")
            assert (baselines | function_of)[twin] == name


def test_neighbours_that_are_easily_confused_are_told_apart(records) -> None:
    at = dict(zip(FUNCTIONS, vectors(records), strict=True))

    for one, other in (("mish", "silu"), ("gelu", "relu"), ("gelu", "sharp_swish")):
        assert rms_distance(at[one], at[other][None])[0] > 10 * DUPLICATE_WITHIN


def test_the_tanh_form_of_gelu_counts_as_gelu_which_is_a_known_limit(sandbox) -> None:
    source = (
        "import torch.nn.functional as F\n\n\ndef activation(x):\n"
        '    return F.gelu(x, approximate="tanh")\n'
    )

    (record,) = through_the_walls(sandbox, [source])

    assert record.status is Status.DUPLICATE
    assert kinds.get("activation")().baselines()["gelu"].id in record.reason
