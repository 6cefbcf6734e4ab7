import pytest
import torch
import torch.nn.functional as F

from evo.components.base import ContractError
from evo.components.initializer import Initializer

KIND = Initializer()


@pytest.mark.parametrize(
    "component",
    [
        lambda z, fan_in, fan_out: z / fan_in.sqrt(),
        lambda z, fan_in, fan_out: torch.erf(z) * torch.sqrt(6 / (fan_in + fan_out)),
        lambda z, fan_in, fan_out: F.normalize(z, dim=-1),
        lambda z, fan_in, fan_out: z.sign().detach(),
        lambda z, fan_in, fan_out: 1e-6 * z,
    ],
)
def test_functions_of_a_draw_keep_the_contract(component) -> None:
    KIND.check(component)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda z, fan_in, fan_out: z.T, r"got \(7, 5\)"),
        (lambda z, fan_in, fan_out: z.sum(), r"got \(\)"),
        (lambda z, fan_in, fan_out: z.double(), "torch.float64"),
        (lambda z, fan_in, fan_out: torch.zeros_like(z) + 1 / fan_in, "depend on z"),
        (lambda z, fan_in, fan_out: z.log(), "expected finite weights, got others for 5 × 7"),
        (lambda z, fan_in, fan_out: z / (fan_out - 1), "finite weights, got others for 1 × 3"),
        (lambda z, fan_in, fan_out: z * torch.exp(fan_in), "got others for 10 × 100"),
    ],
)
def test_a_breach_of_the_contract_says_what_was_expected_and_what_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_weights_that_depend_on_memory_order_are_refused() -> None:
    with pytest.raises(ContractError, match="however z lies in memory"):
        KIND.check(lambda z, fan_in, fan_out: z.as_strided(z.shape, (z.shape[1], 1)))


def test_behaviour_is_in_units_that_make_layers_of_any_size_comparable() -> None:
    weights = KIND.behaviour(lambda z, fan_in, fan_out: z / fan_in.sqrt())

    assert weights.shape == (48,)
    assert weights.dtype == "float32"
    assert 0.8 < weights[:24].std() < 1.2


def test_uniform_baselines_stay_within_their_bounds_and_orthogonal_is_nearly_so() -> None:
    z = torch.randn(32, 32, generator=torch.Generator().manual_seed(0))
    sizes = torch.tensor(32.0), torch.tensor(32.0)
    made = {}
    for name, candidate in KIND.baselines().items():
        names: dict = {}
        exec(candidate.source, names)
        made[name] = names["initialize"](z, *sizes)

    assert made["torch_default"].abs().max() <= 32**-0.5
    assert made["he_normal"].std() == pytest.approx((2 / 32) ** 0.5, rel=0.05)
    assert made["sparse"].std() == pytest.approx((2 / 32) ** 0.5, rel=0.1)
    values = torch.linalg.svdvals(made["orthogonal"])
    assert values.median() == pytest.approx(2**0.5, rel=0.05)
    assert values.max() < 1.6
