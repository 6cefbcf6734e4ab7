import math

import pytest
import torch
import torch.nn.functional as F
from support.components import traced_kind

from evo.components.base import ContractError
from evo.components.normalization import Normalization
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.validation.graph.recording import TraceError

KIND = Normalization()


@pytest.mark.parametrize(
    "component",
    [
        lambda x, gain, shift: F.layer_norm(x, x.shape[-1:], gain, shift),
        lambda x, gain, shift: F.normalize(x, dim=-1) * gain,
        lambda x, gain, shift: x,
        lambda x, gain, shift: torch.tanh(x) + shift,
        lambda x, gain, shift: x.flip(1) * gain,
    ],
)
def test_functions_of_a_row_and_what_is_learned_keep_the_contract(component) -> None:
    KIND.check(component)


@pytest.mark.parametrize("groups", [2, 3, 4])
def test_groups_that_divide_the_width_are_torchs_and_else_as_many_as_divide_it(groups) -> None:
    source = (
        "import math\n"
        "def normalize(x, gain, shift):\n    d = x.shape[-1]\n"
        f"    n = math.gcd(d, {groups})\n"
        "    g = x.reshape(x.shape[0], n, -1)\n    g = g - g.mean(-1, keepdim=True)\n"
        "    g = g * (g.square().mean(-1, keepdim=True) + 1e-5) ** -0.5\n"
        "    return gain * g.reshape(x.shape) + shift"
    )
    graph = traced_kind("normalization", source)

    KIND.check(graph)

    for width in (2, 7, 9, 12, 24, 64):
        # In double precision: a group of one element has no variance, and torch's rounding of it
        # is divided by √ε.
        x, gain, shift = (
            torch.randn(*shape, dtype=torch.float64) for shape in ((5, width), (width,), (width,))
        )
        expected = F.group_norm(x, math.gcd(width, groups), gain, shift)
        torch.testing.assert_close(graph(x, gain, shift), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("network", "sample"), [(Mlp((8, 12)), (6,)), (Cnn((8, 16)), (1, 8, 8))], ids=["mlp", "cnn"]
)
def test_group_norm_trains_in_networks_as_torchs_of_each_place(network, sample) -> None:
    graph = traced_kind("normalization", KIND.further_baselines()["group_norm"].source)
    ours = KIND.parts(graph)
    torchs = KIND.parts(lambda x, gain, shift: F.group_norm(x, 4, gain, shift))
    start = network.fresh(sample, 3, torch.Generator().manual_seed(0), ours)
    stacked = {name: torch.stack([value, 1.3 * value]) for name, value in start.items()}
    inputs = torch.randn(2, 5, *sample)

    def run(parts) -> list[torch.Tensor]:
        leaves = network.leaves(stacked)
        arranged = network.arranged(inputs.flatten(0, 1)).unflatten(0, (2, 5))
        outputs = network.forward(leaves, arranged, parts)
        return [outputs, *torch.autograd.grad(outputs.square().sum(), [*leaves.values()])]

    torch.testing.assert_close(run(ours), run(torchs), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "body", ["F.group_norm(x, 4, gain, shift)", "x.reshape(x.shape[0], 4, -1).flatten(1) * gain"]
)
def test_groups_that_do_not_divide_a_width_are_refused_with_those_that_do(body) -> None:
    source = f"import torch.nn.functional as F\ndef normalize(x, gain, shift):\n    return {body}"

    with pytest.raises(TraceError, match=r"line 3: .*math.gcd\(x.shape\[-1\], 4\)"):
        traced_kind("normalization", source)


def root_mean_square(x: torch.Tensor, guard: float) -> torch.Tensor:
    return torch.sqrt(x.square().mean(-1, keepdim=True) + guard)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda x, gain, shift: (x - x.mean(0)) * gain, "its own row of x alone"),
        (lambda x, gain, shift: x / (1 + shift.abs() * x.std(0)), "its own row of x alone"),
        (lambda x, gain, shift: gain * x.mean(-1, keepdim=True).sum(), r"got \(8,\)"),
        (lambda x, gain, shift: gain.expand_as(x), "depends on x, got a constant"),
        (lambda x, gain, shift: x * shift, "depends on x, got a constant"),
        (lambda x, gain, shift: x.detach(), "passes gradients on"),
        (lambda x, gain, shift: x / root_mean_square(x, 0.0), "finite outputs.*a row of zeros"),
        (lambda x, gain, shift: x / (root_mean_square(x, 0.0) + 1), "gradient to x.*row of zeros"),
        (lambda x, gain, shift: x + gain.log(), "finite outputs.*as training may move them"),
        (lambda x, gain, shift: x + shift.abs().sqrt(), "finite gradient to shift"),
        (lambda x, gain, shift: x - torch.ones(8), r"any n and d.*\(1, 2\)"),
    ],
)
def test_a_breach_of_the_contract_says_what_was_expected_and_what_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_behaviour_tells_apart_what_is_alike_only_where_it_starts() -> None:
    learning = KIND.behaviour(lambda x, gain, shift: gain * torch.tanh(x))
    fixed = KIND.behaviour(lambda x, gain, shift: torch.tanh(x))

    assert learning.shape == (144,)
    assert learning[:72] == pytest.approx(fixed[:72], abs=1e-6)
    assert learning[72:] != pytest.approx(fixed[72:], abs=1e-2)


def test_parts_hold_the_normalisation_and_leave_the_activation_alone() -> None:
    rows = torch.arange(6.0).reshape(3, 2)
    parts = KIND.parts(lambda x, gain, shift: (x - x.mean(0)) * gain + shift)

    # Row by row: no other row is there to be looked at.
    assert parts.normalize(rows, torch.ones(2), torch.ones(2)).tolist() == [[1, 1]] * 3
    assert [learnable.per for learnable in parts.normalize_learnables] == ["feature", "feature"]
    assert parts.activation is F.relu
    assert parts.activation_learnables == ()


def test_gradients_count_where_the_batchs_statistics_are_taken() -> None:
    source = (
        "def normalize(x, gain, shift, mean, variance):\n"
        "    scale = (variance + 1e-5).rsqrt()\n"
        "    return gain * (x - {}) * scale + shift"
    )
    plain, detached = (
        traced_kind("normalization", source.format(centre))
        for centre in ("x.mean(-1, keepdim=True)", "x.mean(-1, keepdim=True).detach()")
    )

    KIND.check(detached)

    assert KIND.behaviour(plain).tolist() == KIND.behaviour(detached).tolist()
    assert KIND.slopes(plain) != pytest.approx(KIND.slopes(detached), abs=1e-2)
