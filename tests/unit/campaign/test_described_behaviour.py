"""Components that compute the same but train apart have different vectors; no others change."""

import numpy as np
import pytest
import torch
from support.records import written

from archive.novelty.novelty_archive import rms_distance
from archive.novelty.settings import DUPLICATE_WITHIN
from evo.campaign.baselines import behaviour_scale, described_behaviour, raw_behaviour
from evo.components.base import Kind
from evo.components.kinds import kinds
from evo.core.records import Record
from evo.validation.baselines import own_baselines
from evo.validation.graph import tracer

HEAD = "import torch\nimport torch.nn.functional as F\n"
STRAIGHT_THROUGH = """def activation(x):
    s = torch.sigmoid(x)
    k = (s + (x + 1.67) * s * (1 - s)).detach()
    return x * k - (x * k).detach() + torch.relu(x).detach()"""
RELU = "def activation(x):\n    return F.relu(x)"
SURROGATE_OF_SIGN = """def activation(x):
    soft = torch.tanh(x)
    return soft + (torch.sign(x) - soft).detach()"""
SIGN = "def activation(x):\n    return torch.sign(x) + 0 * x"
LEARNED = "def activation(x, a, b):\n    return a * F.relu(x) + b"
FIXED = "def activation(x, a, b):\n    return a.detach() * F.relu(x) + b"
RMS = """def normalize(x, gain, shift):
    size = torch.sqrt(x.square().mean(dim=-1, keepdim=True) + 1e-5)
    return gain * x / size + shift"""
RMS_OF_A_CONSTANT = RMS.replace("x / size", "x / size.detach()")
APART = [
    ("activation", STRAIGHT_THROUGH, RELU),
    ("activation", SURROGATE_OF_SIGN, SIGN),
    ("parametric-activation", FIXED, LEARNED),
    ("normalization", RMS_OF_A_CONSTANT, RMS),
    (
        "activation+normalization",
        f"{SURROGATE_OF_SIGN}\n\n\n{RMS}",
        f"{SIGN}\n\n\n{RMS}",
    ),
]


def record(kind: Kind, source: str) -> Record:
    sources = kind.sources(HEAD + source)
    graphs = tuple(
        tracer.trace(one, member.contract.function, member.trace_shapes, progress=lambda: None)
        for member, one in zip(kind.members, sources, strict=True)
    )
    return written(HEAD + source, kind=kind.name, graphs=graphs)


def described(kind: Kind, source: str) -> np.ndarray:
    scale = behaviour_scale(kind, own_baselines(kind))
    return described_behaviour(kind, record(kind, source), scale)


@pytest.mark.parametrize(("name", "trick", "plain"), APART)
def test_a_function_with_gradients_of_another_is_no_duplicate_of_either(
    name: str, trick: str, plain: str
) -> None:
    kind = kinds.get(name)()
    scale = behaviour_scale(kind, own_baselines(kind))
    one, other = record(kind, trick), record(kind, plain)

    vectors = [described_behaviour(kind, twin, scale) for twin in (one, other)]

    np.testing.assert_allclose(raw_behaviour(kind, one), raw_behaviour(kind, other), atol=1e-5)
    assert rms_distance(vectors[0], vectors[1][None])[0] > 20 * DUPLICATE_WITHIN
    assert (vectors[1] == scale(raw_behaviour(kind, other))).all()


def test_two_spellings_of_one_trick_are_duplicates() -> None:
    kind = kinds.get("activation")()
    again = """def activation(x):
    soft = torch.tanh(x)
    return torch.sign(x).detach() - soft.detach() + soft"""

    one, other = described(kind, SURROGATE_OF_SIGN), described(kind, again)

    assert rms_distance(one, other[None])[0] < DUPLICATE_WITHIN


def test_tricks_that_differ_in_their_gradients_alone_are_told_apart() -> None:
    kind = kinds.get("activation")()
    clipped = SURROGATE_OF_SIGN.replace("torch.tanh(x)", "torch.clamp(x, -1.0, 1.0)")

    one, other = described(kind, SURROGATE_OF_SIGN), described(kind, clipped)

    assert rms_distance(one, other[None])[0] > 20 * DUPLICATE_WITHIN


def test_detach_that_changes_no_gradient_changes_no_bit() -> None:
    kind = kinds.get("activation")()
    scale = behaviour_scale(kind, own_baselines(kind))
    source = "def activation(x):\n    return F.silu(x) + torch.sign(x).detach()"

    one = record(kind, source)

    assert "detach" in one.graphs[0]
    assert (described_behaviour(kind, one, scale) == scale(raw_behaviour(kind, one))).all()


def test_without_gradients_at_all_slopes_are_zero() -> None:
    kind = kinds.get("activation")()

    assert (kind.slopes(lambda x: torch.relu(x.detach())) == np.zeros(64)).all()
