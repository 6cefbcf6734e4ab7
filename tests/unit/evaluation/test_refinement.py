"""Losses after temperature scaling, against scipy's minimum and by hand."""

import math

import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar

from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.training.refinement import best_scales
from evo.evaluation.training.results import Trained
from evo.evaluation.training.trainer import train
from evo.evaluation.training.trials import run_trials
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.tasks.base import Data, Split
from evo.tasks.digits import Digits
from evo.tasks.harmonics import Harmonics


def answers(*confidences: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Noisy outputs of 5 classes, rightly told for the most part, a copy per confidence."""
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(5, (len(confidences), 200), generator=generator)
    outputs = torch.randn((*targets.shape, 5), generator=generator) + 1.5 * F.one_hot(targets, 5)
    return outputs * torch.tensor(confidences)[:, None, None], targets


def cross_entropy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean over samples, (copies,)."""
    return F.cross_entropy(outputs.transpose(1, 2), targets, reduction="none").mean(1)


def test_the_scale_is_that_of_the_lowest_loss() -> None:
    outputs, targets = answers(0.1, 1.0, 30.0)

    scales = best_scales(outputs, targets)

    for copy, scale in enumerate(scales.tolist()):
        z, t = outputs[copy].double(), targets[copy]
        least = minimize_scalar(
            lambda log_scale, z=z, t=t: float(F.cross_entropy(math.exp(log_scale) * z, t)),
            bounds=(-6, 6),
            method="bounded",
            options={"xatol": 1e-8},
        )
        assert scale == pytest.approx(math.exp(least.x), rel=2e-3)
        assert float(F.cross_entropy(scale * z, t)) == pytest.approx(least.fun, abs=2e-6)


def test_confidence_changes_nothing_and_order_does() -> None:
    outputs, targets = answers(1.0, 1.0)
    outputs[1] = 40 * outputs[0]
    targets[1] = targets[0]
    outputs = torch.cat([outputs, -outputs[:1]])
    targets = torch.cat([targets, targets[:1]])

    losses = cross_entropy(best_scales(outputs, targets)[:, None, None] * outputs, targets)

    torch.testing.assert_close(losses[0], losses[1], rtol=1e-5, atol=0)
    # Outputs that are wrong more often than chance are best ignored.
    torch.testing.assert_close(losses[2], torch.tensor(math.log(5)), rtol=1e-2, atol=0)


@pytest.mark.parametrize("odd", [math.inf, math.nan])
def test_outputs_that_are_not_finite_disturb_no_other_copy(odd: float) -> None:
    outputs, targets = answers(1.0, 1.0)
    alone = best_scales(outputs[1:], targets[1:])
    outputs[0, 0, 0] = odd

    scales = best_scales(outputs, targets)

    assert torch.isfinite(scales).all()
    assert torch.equal(scales[1:], alone)


def trained(data: Data, parts: Parts, *, refined: bool) -> Trained:
    return train(
        *(Mlp((12, 8)), data, parts),
        seeds=(0, 1),
        learning_rates=(0.01, 0.1),
        epochs=5,
        batch_size=16,
        refined=refined,
    )


@pytest.fixture(scope="module")
def digits() -> Data:
    """200 digits to train, which copies fit too well."""
    whole = Digits().load()
    return Data(
        Split(whole.train.inputs[:200], whole.train.targets[:200]),
        whole.validation,
        whole.test,
        whole.outputs,
    )


def test_training_is_the_same_and_losses_fall_where_confidence_was_wrong(digits: Data) -> None:
    plain, refined = (trained(digits, Parts(), refined=refined) for refined in (False, True))

    assert torch.equal(refined.test_accuracy, plain.test_accuracy)
    assert (refined.validation_loss < plain.validation_loss).all()
    assert refined.test_loss.mean() < plain.test_loss.mean()


def test_the_temperature_is_picked_on_validation_data_alone(digits: Data) -> None:
    turned = Split(digits.test.inputs, (digits.test.targets + 1) % 10)
    other = Data(digits.train, digits.validation, turned, digits.outputs)

    one, two = (trained(data, Parts(), refined=True) for data in (digits, other))

    assert torch.equal(one.validation_loss, two.validation_loss)
    # With these targets a higher temperature would be better by far.
    assert (two.test_loss > 3).all()


def test_evolved_losses_are_refined_in_place_of_counting_errors(digits: Data) -> None:
    def five_times(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return -(targets * torch.log_softmax(5 * outputs, -1)).sum(-1)

    parts = Parts(loss=five_times, judged_by="accuracy")

    counted, refined = (trained(digits, parts, refined=refined) for refined in (False, True))

    assert torch.equal(counted.test_accuracy, refined.test_accuracy)
    wrong = 500 * (1 - counted.test_accuracy)
    torch.testing.assert_close(counted.test_loss, (wrong + 0.5) / 501)
    assert not torch.isclose(refined.test_loss, counted.test_loss).any()


def test_regression_keeps_its_loss() -> None:
    data = Harmonics().load()

    plain, refined = (trained(data, Parts(), refined=refined) for refined in (False, True))

    assert torch.equal(plain.test_loss, refined.test_loss)


def test_a_copy_that_diverged_is_lost(digits: Data) -> None:
    parts = Parts(activation=lambda x: torch.exp(torch.exp(x.abs())))

    result = trained(digits, parts, refined=True)

    assert torch.isinf(result.test_loss).any()
    assert (result.test_accuracy[torch.isinf(result.test_loss)] == 0).all()


def test_the_protocol_says_what_decides() -> None:
    rungs = (Rung(epochs=2, seeds=2, networks=1),)
    of = {
        decided_by: run_trials(
            Parts(),
            ["digits"],
            Protocol(rungs=rungs, rate_seeds=2, learning_rates=(0.01,), decided_by=decided_by),
            rung=0,
        )
        for decided_by in ("loss", "refined")
    }

    for plain, refined in zip(of["loss"], of["refined"], strict=True):
        assert refined.accuracy == plain.accuracy
        assert refined.loss != plain.loss
        assert refined.loss == pytest.approx(plain.loss, rel=0.2)
