"""Attention whose weights a component makes, in the networks of evo and in models of one's own."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from network_copies import SEEDS, batch, outputs_of, stacked
from torch import nn

from evo.campaign.ready_tasks import prepare_tasks
from evo.components.kinds import kinds
from evo.core.contract import Learnable
from evo.core.errors import UsageError
from evo.core.informed import Informed
from evo.networks.base import Network, Parameters
from evo.networks.models import Gpt
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts
from evo.networks.transformer import Transformer
from evo.networks.visible_keys import weigh_each, weigh_visible

KIND = kinds.get("attention")()
SOFTMAX = Parts(attend=lambda scores: torch.softmax(scores, -1))
SIGMOID = Parts(attend=torch.sigmoid)
LEARNED = Parts(
    attend=lambda scores, a: torch.softmax(a * scores, -1),
    attend_learnables=(Learnable("a", "layer", 2.0),),
)


class Torchs(nn.Module):
    """A block that calls torch's attention, as most code does."""

    def __init__(self, *, place: int = -1, **how: object) -> None:
        super().__init__()
        self.qkv, self.act, self.out = nn.Linear(8, 24), nn.ReLU(), nn.Linear(8, 10)
        self.place, self.how = place, how

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x.reshape(len(x), 8, 8)).unflatten(-1, (3, 2, 4)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, **self.how)
        return self.out(self.act(mixed.transpose(1, 2).flatten(2)))[:, self.place]


def copies_of(network: Network, parts: Parts) -> Parameters:
    generators = [torch.Generator().manual_seed(seed) for seed in SEEDS]
    return stacked([network.fresh((1, 8, 8), 10, one, parts) for one in generators])


def tokens() -> torch.Tensor:
    """Sequences of nine tokens for copies: (copies, 5, 9)."""
    generator = torch.Generator().manual_seed(1)
    return torch.randint(6, (len(SEEDS), 5, 9), generator=generator).float()


NETWORKS = {
    "transformer": (Transformer(width=8, blocks=2), batch(1, 8, 8)),
    "torch's": (ModuleNetwork(Torchs), batch(1, 8, 8)),
    "torch's, causal": (ModuleNetwork(partial(Torchs, is_causal=True)), batch(1, 8, 8)),
    "gpt": (ModuleNetwork(partial(Gpt, 6, 9, width=8)), tokens()),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_softmax_as_a_component_is_attention_as_it_was(name: str) -> None:
    network, inputs = NETWORKS[name]
    parameters = copies_of(network, SOFTMAX)

    plain, weighed, other = (
        outputs_of(network, parameters, inputs, parts) for parts in (Parts(), SOFTMAX, SIGMOID)
    )

    torch.testing.assert_close(weighed, plain, rtol=1e-4, atol=1e-5)
    assert (other - plain).abs().max() > 1e-3


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_and_copy_learns_numbers_of_its_own(name: str) -> None:
    network, inputs = NETWORKS[name]
    parameters = copies_of(network, LEARNED)
    names = [key for key in parameters if key.startswith("a@")]
    assert len(names) == len(network.feature_counts((1, 8, 8)).attentions) >= 1
    changed = {**parameters, names[-1]: parameters[names[-1]].clone()}
    changed[names[-1]][1] = -1.0

    before, after = (
        outputs_of(network, values, inputs, LEARNED) for values in (parameters, changed)
    )

    assert torch.equal(before[0], after[0])
    assert (before[1] - after[1]).abs().max() > 1e-3


def test_a_later_place_changes_nothing_in_a_causal_attention_whatever_the_component_does() -> None:
    greedy = Parts(attend=lambda scores: scores.sum(-1, keepdim=True) + scores + scores.shape[-1])
    network = ModuleNetwork(partial(Torchs, place=3, is_causal=True))
    parameters, inputs = copies_of(network, greedy), batch(1, 8, 8)
    later, earlier = inputs.clone(), inputs.clone()
    later[..., 4:, :] += 1
    earlier[..., 2, :] += 1

    outputs, unmoved, moved = (
        outputs_of(network, parameters, one, greedy) for one in (inputs, later, earlier)
    )

    assert torch.equal(outputs, unmoved)
    assert (outputs - moved).abs().max() > 1e-3


def test_a_masked_key_is_not_even_seen() -> None:
    seen: list[int] = []

    def greedy(scores: torch.Tensor) -> torch.Tensor:
        seen.append(scores.shape[-1])
        return scores.sum(-1, keepdim=True) + scores + scores.shape[-1]

    scores = torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    visible = torch.ones(5, 5, dtype=torch.bool).tril().triu(-2)
    visible[1] = False

    weights = weigh_visible(greedy, visible, scores)
    changed = weigh_visible(greedy, visible, torch.where(visible, scores, 1e9))

    assert seen == [1, 3, 1, 3]
    assert torch.equal(weights, changed)
    assert (weights[..., ~visible] == 0).all()
    row = scores[0, 0, 3, 1:4]
    torch.testing.assert_close(weights[0, 0, 3, 1:4], row.sum() + row + 3)


@pytest.mark.parametrize(
    "mask",
    [
        torch.ones(8, 8, dtype=torch.bool).tril().triu(-3),
        torch.zeros(1, 1, 8, 8).masked_fill(torch.ones(8, 8).triu(1) > 0, float("-inf")) + 0.1,
        torch.linspace(0, 1, 64).view(8, 8),
    ],
)
def test_masks_of_torch_hide_and_add(mask: torch.Tensor) -> None:
    network = ModuleNetwork(partial(Torchs, attn_mask=mask))
    parameters = copies_of(network, SOFTMAX)

    plain, weighed = (
        outputs_of(network, parameters, batch(1, 8, 8), parts) for parts in (Parts(), SOFTMAX)
    )

    torch.testing.assert_close(weighed, plain, rtol=1e-4, atol=1e-5)


def visible_to_each() -> torch.Tensor:
    """Another mask for each of five samples: (5, 1, 8, 8)."""
    drawn = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0)) > 0.4
    return drawn | torch.eye(8, dtype=torch.bool)


def test_a_mask_of_each_sample_hides_from_it_alone() -> None:
    network = ModuleNetwork(partial(Torchs, attn_mask=visible_to_each()))
    parameters = copies_of(network, SOFTMAX)

    plain, weighed = (
        outputs_of(network, parameters, batch(1, 8, 8), parts) for parts in (Parts(), SOFTMAX)
    )

    torch.testing.assert_close(weighed, plain, rtol=1e-4, atol=1e-5)


def test_a_key_hidden_from_a_sample_is_not_even_seen() -> None:
    seen: list[int] = []

    def greedy(scores: torch.Tensor) -> torch.Tensor:
        seen.append(scores.shape[-1])
        return scores.sum(-1, keepdim=True) + torch.log(scores.abs() + 1) + scores.shape[-1]

    visible = visible_to_each()[:, 0]
    visible[2, 3] = False
    scores = torch.randn(5, 8, 8, generator=torch.Generator().manual_seed(0))
    hidden = scores.masked_fill(~visible, float("-inf")).requires_grad_()

    weights = weigh_each(greedy, visible, hidden)
    together = torch.func.vmap(lambda v, s: weigh_each(greedy, v, s))(visible, hidden)
    (pull,) = torch.autograd.grad(weights.square().sum(), hidden)

    torch.testing.assert_close(together, weights)
    assert seen[:8] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (weights[~visible] == 0).all()
    assert (pull[~visible] == 0).all()
    assert torch.isfinite(pull).all()
    row = scores[1, 4, visible[1, 4]]
    expected = row.sum() + torch.log(row.abs() + 1) + len(row)
    torch.testing.assert_close(weights[1, 4, visible[1, 4]], expected)


class Multi(nn.Module):
    """Torch's multi-head attention, with masks; `padded` hides keys by their values."""

    def __init__(
        self, *, padded: bool = False, how: dict[str, object] | None = None, **made: object
    ) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True, **made)
        self.act, self.out = nn.ReLU(), nn.Linear(8, 10)
        self.padded, self.how = padded, how or {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(len(x), 8, 8)
        padding = (x[..., 0] > 0.3) & (torch.arange(8) > 0) if self.padded else None
        mixed, _ = self.attention(x, x, x, key_padding_mask=padding, **self.how)
        return self.out(self.act(mixed)).mean(1)


CAUSAL = nn.Transformer.generate_square_subsequent_mask(8)
MULTI = {
    "weights asked for": Multi,
    "none asked for": partial(Multi, how={"need_weights": False}),
    "padding": partial(Multi, padded=True),
    "padding, mask of booleans": partial(
        Multi, padded=True, how={"attn_mask": torch.ones(8, 8).triu(2) > 0}
    ),
    "causal": partial(Multi, how={"attn_mask": CAUSAL, "is_causal": True, "need_weights": False}),
    "mask that adds, biases of keys": partial(
        Multi,
        add_bias_kv=True,
        add_zero_attn=True,
        how={"attn_mask": CAUSAL + torch.linspace(0, 1, 64).view(8, 8)},
    ),
}


@pytest.mark.parametrize("name", MULTI)
def test_softmax_in_torchs_multi_head_attention_is_softmax_as_it_was(name: str) -> None:
    network, inputs = ModuleNetwork(MULTI[name]), batch(1, 8, 8)
    parameters = copies_of(network, SOFTMAX)
    assert list(network.feature_counts((1, 8, 8)).attentions) == ["attention"]

    def all_of(parts: Parts) -> list[torch.Tensor]:
        leaves = network.leaves(parameters)
        trained = network.forward(leaves, inputs, parts)
        pulls = torch.autograd.grad(trained.square().sum(), [*leaves.values()])
        with torch.no_grad():
            tested = outputs_of(network, parameters, inputs, parts)
        return [tested, trained.detach(), *pulls]

    plain, weighed, other = (all_of(parts) for parts in (Parts(), SOFTMAX, SIGMOID))

    torch.testing.assert_close(weighed, plain, rtol=1e-4, atol=1e-5)
    for tested_or_trained in (0, 1):
        assert (other[tested_or_trained] - plain[tested_or_trained]).abs().max() > 1e-3


def test_a_transformer_of_torch_with_padding_is_a_place_in_tests_too() -> None:
    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
            self.encoder, self.out = nn.TransformerEncoder(layer, 2), nn.Linear(8, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = x.reshape(len(x), 8, 8)
            padding = (torch.arange(8) > 5).expand(len(x), 8)
            return self.out(self.encoder(x, src_key_padding_mask=padding)[:, 0])

    network, inputs = ModuleNetwork(Encoder), batch(1, 8, 8)
    parameters = copies_of(network, SOFTMAX)

    with torch.no_grad():
        plain, weighed, other = (
            outputs_of(network, parameters, inputs, parts) for parts in (Parts(), SOFTMAX, SIGMOID)
        )

    torch.testing.assert_close(weighed, plain, rtol=1e-4, atol=1e-5)
    assert (other - plain).abs().max() > 1e-3


def test_noise_comes_in_training_alone_and_only_where_attention_is() -> None:
    noisy = Parts(attend=Informed(lambda scores, noise, training: scores + noise + training))
    for name in ("transformer", "gpt"):
        network, inputs = NETWORKS[name]
        parameters = copies_of(network, noisy)
        noisy.state.noise, noisy.state.is_training = torch.randn, False

        tested, again = (outputs_of(network, parameters, inputs, noisy) for _ in range(2))
        noisy.state.is_training = True
        trained, other = (outputs_of(network, parameters, inputs, noisy) for _ in range(2))

        assert torch.equal(tested, again)
        assert (trained - other).abs().max() > 1e-4


def test_a_task_without_attention_is_refused_before_anything_is_spent() -> None:
    with pytest.raises(UsageError, match=r"'digits', network 'mlp-.*no attention"):
        prepare_tasks("attention", ["digits"])
    prepare_tasks("attention", ["digits-transformer", "digits-vit", "recall"])
