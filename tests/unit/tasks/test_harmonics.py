import math

import pytest
import torch

from evo.tasks.harmonics import Harmonics

REACH = math.sqrt(3)


def test_only_test_inputs_lie_outside_the_range_of_training() -> None:
    data = Harmonics().load()
    train, validation, test = (
        split.inputs.abs().amax(1) for split in (data.train, data.validation, data.test)
    )

    assert train.max() <= REACH
    assert validation.max() <= REACH
    assert test.min() > REACH * 0.9999
    assert test.max() <= REACH * 1.2501


def test_test_inputs_lie_on_all_sides() -> None:
    test = Harmonics().load().test.inputs

    for coordinate in range(test.shape[1]):
        assert (test[:, coordinate] > REACH).sum() > 50
        assert (test[:, coordinate] < -REACH).sum() > 50


def test_targets_are_standardised_by_training_and_no_seed_mixes_the_splits() -> None:
    data = Harmonics().load()

    assert data.train.targets.mean().item() == pytest.approx(0, abs=1e-5)
    assert data.train.targets.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    assert not data.pooled


def test_the_function_is_smooth_enough_to_be_followed_beyond_training() -> None:
    data = Harmonics().load()
    distances = torch.cdist(data.test.inputs, data.train.inputs)
    nearest = data.train.targets[distances.argmin(1)]

    error = (nearest - data.test.targets).square().mean()

    assert error < 0.6 * data.test.targets.var()
