"""Modules of component files in a torch program: they train, save, load, script and compile."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from support.component_files import baselines, loaded, source_of
from torch import nn

from evo.validation.graph.graphs import component_of


def train(model: nn.Module, loss_of: Callable[[torch.Tensor], torch.Tensor], **how: Any) -> float:
    """The loss after 60 steps, as a share of the first."""
    optimizer = how.get("optimizer") or torch.optim.Adam(model.parameters(), lr=0.01)
    inputs = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = loss_of(model(inputs))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses[-1] / losses[0]


def to_sums(outputs: torch.Tensor) -> torch.Tensor:
    inputs = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))
    return (outputs - inputs.sum(1, keepdim=True).sin()).square().mean()


def model_with(*layers: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 16), *layers, nn.Linear(16, 1))


def saved_and_loaded(model: nn.Module, again: nn.Module, path: Path) -> None:
    torch.save(model.state_dict(), path)
    again.load_state_dict(torch.load(path))
    inputs = torch.randn(3, 5)
    assert torch.equal(model(inputs), again(inputs))


@pytest.mark.parametrize("name", ["gelu", "mish"])
def test_an_activation_trains_saves_scripts_and_compiles(name: str, tmp_path: Path) -> None:
    found = loaded("activation", name)
    model = model_with(found.Activation())

    assert train(model, to_sums) < 0.5
    saved_and_loaded(model, model_with(found.Activation()), tmp_path / "model.pt")
    x = torch.linspace(-5, 5, 40)
    graph = component_of(baselines("activation")[name].graphs)
    assert torch.allclose(found.Activation()(x), graph(x), atol=1e-6)
    compiled = torch.compile(found.Activation(), backend="aot_eager", fullgraph=True)
    assert torch.allclose(compiled(x), graph(x), atol=1e-6)


def test_a_file_on_disk_scripts(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "scripted.py").write_text(source_of("activation", "silu"))
    monkeypatch.syspath_prepend(tmp_path)
    import scripted  # pyright: ignore[reportMissingImports]

    x = torch.linspace(-5, 5, 40)
    assert torch.allclose(torch.jit.script(scripted.Activation())(x), F.silu(x), atol=1e-6)


def test_a_parametric_activation_learns_its_numbers(tmp_path: Path) -> None:
    found = loaded("parametric-activation", "swish")
    model = model_with(found.Activation())

    assert train(model, to_sums) < 0.8
    assert model[1].a.item() != 1.0
    saved_and_loaded(model, model_with(found.Activation()), tmp_path / "model.pt")


def test_a_normalisation_is_used_as_layer_norm_is(tmp_path: Path) -> None:
    found = loaded("normalization", "layer_norm")
    model = model_with(found.Normalization(16), nn.ReLU())

    x = torch.randn(2, 3, 16)
    assert torch.allclose(found.Normalization(16)(x), F.layer_norm(x, (16,)), atol=1e-4)
    assert train(model, to_sums) < 0.5
    assert (model[1].gain != 1).any()
    saved_and_loaded(model, model_with(found.Normalization(16), nn.ReLU()), tmp_path / "model.pt")


def test_a_preprocessor_keeps_the_shape_of_samples() -> None:
    kind_name = "preprocessor"
    found = loaded(kind_name, "standardize") if "standardize" in baselines(kind_name) else None
    name = next(iter(set(baselines(kind_name)) - {"identity"}))
    found = found or loaded(kind_name, name)
    images = torch.randn(4, 1, 3, 3)

    output = found.Preprocessor()(images)

    assert output.shape == images.shape
    assert torch.equal(output[1], found.Preprocessor()(images[1:2])[0])


def test_a_loss_takes_class_indices_and_trains() -> None:
    found = loaded("loss", "cross_entropy")
    logits = torch.randn(6, 3, requires_grad=True)
    targets = torch.tensor([0, 1, 2, 0, 1, 2])

    loss = found.Loss()(logits, targets)

    assert loss.item() == pytest.approx(F.cross_entropy(logits, targets).item(), rel=1e-5)
    assert found.Loss()(logits, F.one_hot(targets, 3).float()).item() == loss.item()
    (gradient,) = torch.autograd.grad(loss, logits)
    (expected,) = torch.autograd.grad(F.cross_entropy(logits, targets), logits)
    assert torch.allclose(gradient, expected, atol=1e-6)


def test_an_initialiser_sees_the_fans_of_every_layer() -> None:
    found = loaded("initializer", "he_normal")
    model = nn.Sequential(
        nn.Linear(400, 300),
        nn.Conv2d(40, 200, 3),
        nn.ConvTranspose2d(64, 200, 3, groups=2),
        nn.LayerNorm(5),
    )

    found.initialize_model(model, torch.Generator().manual_seed(0))

    for layer, fan_in in zip(model, (400, 360, 288), strict=False):
        assert layer.weight.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=0.03)
        assert not layer.bias.any()
    assert (model[3].weight == 1).all()


def test_a_regularizer_adds_up_the_matrices_of_a_model() -> None:
    found = loaded("regularizer", "l2")
    model = nn.Sequential(nn.Linear(5, 4), nn.LayerNorm(4), nn.Conv1d(2, 3, 2))
    penalty = component_of(baselines("regularizer")["l2"].graphs)
    matrices = [model[0].weight, model[2].weight.flatten(1)]

    total = found.Regularizer(strength=10.0)(model)

    assert total.item() == pytest.approx(10 * sum(penalty(m).item() for m in matrices), rel=1e-5)
    trained = model_with()
    before = trained[0].weight.norm().item()
    train(trained, lambda out: 0 * out.sum() + found.Regularizer(strength=10.0)(trained))
    assert trained[0].weight.norm().item() < before / 2


def test_an_optimiser_trains() -> None:
    model = model_with(nn.ReLU())
    optimizer = loaded("optimizer", "adam").Optimizer(model.parameters(), lr=0.01)

    assert train(model, to_sums, optimizer=optimizer) < 0.5


def _row(kind_name: str) -> torch.Tensor:
    shape = (4, 3, 16) if kind_name in ("attention", "preprocessor") else (6, 16)
    return torch.randn(shape, generator=torch.Generator().manual_seed(2)).requires_grad_()


@pytest.mark.parametrize(
    ("kind_name", "name", "make", "use"),
    [
        ("parametric-activation", "swish", lambda f: f.Activation(), lambda m, x: m(x)),
        ("gated-activation", "swiglu", lambda f: f.GatedActivation(), lambda m, x: m(x)),
        (
            *("attention", "entmax", lambda f: f.Attention()),
            lambda m, x: m(x, x * 0.5, x, is_causal=True),
        ),
        ("normalization", "layer_norm", lambda f: f.Normalization(16), lambda m, x: m(x)),
        ("preprocessor", "min_max", lambda f: f.Preprocessor(), lambda m, x: m(x)),
        ("loss", "focal", lambda f: f.Loss(), lambda m, x: m(x, torch.arange(len(x)) % 3)),
        (
            *("activity-regularizer", "decorrelation", lambda f: f.ActivityRegularizer()),
            lambda m, x: m(x, x[:, :4]),
        ),
    ],
)
def test_every_module_compiles_whole_with_its_gradient_and_has_a_state(
    kind_name: str, name: str, make: Callable[..., nn.Module], use: Callable[..., torch.Tensor]
) -> None:
    torch.compiler.reset()
    module, x = make(loaded(kind_name, name)), _row(kind_name)
    again = make(loaded(kind_name, name))
    again.load_state_dict(module.state_dict())

    compiled = torch.compile(again, backend="aot_eager", fullgraph=True)
    values = [use(one, x) for one in (module, compiled)]
    gradients = [torch.autograd.grad(value.square().sum(), x)[0] for value in values]

    assert gradients[0].any()
    assert torch.allclose(values[0], values[1], atol=1e-5)
    assert torch.allclose(gradients[0], gradients[1], atol=1e-4)
