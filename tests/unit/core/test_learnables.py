import torch

from evo.core.contract import Learnable
from evo.core.learnables import FeatureCounts, on_each_copy, starts
from evo.networks.parts import Parts

GAIN, SHIFT = Learnable("gain", "feature", 1.0), Learnable("shift", "layer", -0.5)


def test_each_place_has_its_own_numbers_per_layer_or_per_feature() -> None:
    found = starts([GAIN, SHIFT], {"0": 3, "1.widen": 2})

    assert {name: value.tolist() for name, value in found.items()} == {
        "gain@0": [1, 1, 1],
        "shift@0": -0.5,
        "gain@1.widen": [1, 1],
        "shift@1.widen": -0.5,
    }


def test_a_name_is_never_taken_for_a_weight_matrix() -> None:
    (name,) = starts([Learnable("x.weight", "layer", 0.0)], {"0": 1})

    assert not name.endswith(".weight")


def test_each_copy_is_given_its_own_numbers_wherever_the_copies_are() -> None:
    signal = torch.randn(4, 5, 3)
    parameters = {"gain@0": torch.randn(4, 3), "shift@0": torch.randn(4)}

    def component(x: torch.Tensor, gain: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
        assert (x.shape, gain.shape, shift.shape) == ((5, 3), (3,), ())
        return x * gain + shift

    first = on_each_copy(component, [GAIN, SHIFT], signal, "0", parameters)
    second = on_each_copy(
        component, [GAIN, SHIFT], signal.transpose(0, 1), "0", parameters, copies_dim=1
    )

    wanted = signal * parameters["gain@0"][:, None] + parameters["shift@0"][:, None, None]
    assert torch.equal(first, wanted)
    assert torch.equal(second, wanted.transpose(0, 1))


def test_parts_without_learnables_bring_no_parameters() -> None:
    places = FeatureCounts(activations={"0": 3}, norms={"0": 3})

    assert Parts(torch.tanh).learned(places) == {}
    assert list(Parts(torch.tanh, activation_learnables=(SHIFT,)).learned(places)) == ["shift@0"]
