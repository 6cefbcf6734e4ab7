"""Of suites that plug-ins use as they are, the cases that `make test` leaves to CI."""

import pytest

HEAVY = {
    "test_training_lowers_the_loss_below_guessing": (
        *("digits-cnn", "digits-resnet", "digits-transformer", "digits-vit", "recall"),
    ),
    "test_every_word_of_its_vocabulary_makes_a_traceable_component": (
        *("activity-regularizer", "attention", "gated-activation", "initializer"),
        *("matrix-optimizer", "normalization", "parametric-activation"),
    ),
}
"""By test, the tasks or kinds that take longest; the others show the same."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name, _, case = item.name.removesuffix("]").partition("[")
        if case in HEAVY.get(name, ()):
            item.add_marker(pytest.mark.heavy(quick="the other cases"))
