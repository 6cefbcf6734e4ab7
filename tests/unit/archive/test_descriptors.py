import numpy as np
import pytest
import torch

from archive.novelty.descriptors import BehaviourScale, TextDescriptor
from archive.novelty.settings import DUPLICATE_WITHIN
from evo.core.errors import UsageError

SOURCES = [
    "def activation(x):\n    return x",
    "import torch\n\n\ndef activation(x):\n    return torch.tanh(x) * torch.sigmoid(3 * x)",
    "def activation(x):\n    return x" + " + x" * 300,
]


@pytest.fixture(scope="module")
def describe():
    return TextDescriptor()


def test_sources_become_unit_vectors(describe):
    vectors = describe(SOURCES)

    assert (vectors.shape, vectors.dtype) == ((3, 384), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-6)
    assert describe.size == 384


def test_a_source_has_the_same_vector_whatever_it_is_batched_with(describe):
    together = describe(SOURCES)
    backwards = describe(SOURCES[::-1])[::-1]
    alone = np.concatenate([describe([source]) for source in SOURCES])

    assert together.tobytes() == backwards.tobytes() == alone.tobytes()


def test_the_model_is_loaded_when_the_context_that_waits_for_it_ends():
    descriptor = TextDescriptor()

    with descriptor.loading():
        pass

    assert "_encoder" in vars(descriptor)


def test_what_computes_nothing_does_not_count_as_text(describe):
    bare = "import torch\n\ndef activation(x):\n    return torch.tanh(x)\n"
    dressed = (
        '"""Squashes."""\nimport torch\n\ndef activation(x: torch.Tensor) -> torch.Tensor:\n'
        '    """Hyperbolic tangent."""\n    return torch.tanh( x )  # odd\n'
    )

    one, other, different = describe([bare, dressed, bare.replace("tanh", "sin")])

    assert (one == other).all()
    assert 1 - one @ different > 0.01


def test_no_sources_make_no_vectors(describe):
    assert describe([]).shape == (0, 384)


def test_a_model_that_is_not_here_is_an_error_that_says_what_to_do():
    with pytest.raises(UsageError, match=r"'no-such-model'.*hf download no-such-model"):
        TextDescriptor("no-such-model").load()


def outputs(function):
    return function(torch.linspace(-8, 8, 64)).numpy()


@pytest.fixture(scope="module")
def scale():
    functional = torch.nn.functional
    known = (functional.relu, functional.silu, functional.softplus, torch.tanh, torch.sigmoid)
    return BehaviourScale.of(np.stack([outputs(function) for function in known]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (torch.relu, lambda x: (x + x.abs()) / 2),
        (lambda x: x * torch.sigmoid(x), lambda x: x / (1 + torch.exp(-x))),
        (torch.tanh, lambda x: 1 - 2 / (torch.exp(2 * x) + 1)),
    ],
)
def test_other_spellings_of_a_function_are_far_within_the_duplicate_threshold(scale, one, other):
    gap = scale(outputs(one)) - scale(outputs(other))

    assert np.sqrt((gap**2).mean()) < DUPLICATE_WITHIN / 100


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (torch.relu, lambda x: torch.nn.functional.leaky_relu(x, 0.01)),
        (torch.relu, torch.nn.functional.relu6),
        (torch.nn.functional.silu, torch.nn.functional.mish),
        (torch.nn.functional.gelu, torch.relu),
    ],
)
def test_different_functions_are_far_beyond_the_duplicate_threshold(scale, one, other):
    gap = scale(outputs(one)) - scale(outputs(other))

    assert np.sqrt((gap**2).mean()) > DUPLICATE_WITHIN * 10


def test_a_function_that_explodes_stays_within_sight(scale):
    vector = scale(outputs(lambda x: torch.exp(10 * x)))

    assert np.isfinite(vector).all()
    assert np.abs(vector).max() < 100
    assert (np.diff(vector[40:]) > 0).all(), "nothing is clipped"


def test_points_where_all_baselines_agree_do_not_divide_by_zero():
    scale = BehaviourScale.of(np.array([[1.0, 5.0], [3.0, 5.0]]))

    assert scale(np.array([[2.0, 5.0], [3.0, 5.01]])) == pytest.approx(
        np.arcsinh([[0.0, 0.0], [1.0, 1.0]])
    )


def test_baselines_that_all_agree_still_make_a_scale():
    scale = BehaviourScale.of(np.ones((3, 4)))

    assert scale(np.ones(4)).tolist() == [0.0] * 4


def test_no_model_gives_vectors_of_no_length():
    none = TextDescriptor("none")
    none.load()

    assert none(["def activation(x): return x"] * 3).shape == (3, 0)
    assert none.size == 0
