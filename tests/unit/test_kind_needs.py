"""What a kind asks of tasks and configuration, settled before anything is spent."""

import pytest

from evo import build
from evo.components.base import kinds
from evo.config import parse
from evo.errors import UsageError

GRID = kinds.get("optimizer").learning_rates


def test_a_kind_that_needs_classes_is_refused_on_a_task_without() -> None:
    with pytest.raises(UsageError, match="needs tasks of classification, and 'harmonics' is none"):
        build.check(parse({"kind": "loss", "tasks": ["digits", "harmonics"]}, where="here"))

    build.prepare("loss", ["digits"])
    build.prepare("activation", ["harmonics"])


def test_a_kind_brings_its_learning_rates_where_the_configuration_names_none() -> None:
    silent = parse({"kind": "optimizer", "protocol": {"batch_size": 16}}, where="here")

    found = build.with_rates(silent)

    assert found.protocol.learning_rates == GRID
    assert found.protocol.batch_size == 16


def test_learning_rates_that_are_named_stay_and_other_kinds_keep_the_protocols_own() -> None:
    named = {"kind": "optimizer", "protocol": {"learning_rates": [0.01, 0.03]}}
    plain = parse({"kind": "activation"}, where="here")

    assert build.with_rates(parse(named, where="here")).protocol.learning_rates == (0.01, 0.03)
    assert build.with_rates(plain) is plain


def test_rates_once_resolved_are_part_of_the_campaign() -> None:
    resolved = build.with_rates(parse({"kind": "optimizer"}, where="here"))

    again = parse(resolved.model_dump(mode="json"), where="its folder")

    assert build.with_rates(again) == again
    assert again.protocol.learning_rates == GRID
