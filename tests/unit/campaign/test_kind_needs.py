"""Needs of a kind in tasks and configuration, settled before anything is spent."""

from pathlib import Path

import pytest

from evo.campaign import create
from evo.campaign.config import load, parse
from evo.campaign.ready_tasks import prepare_tasks
from evo.components.kinds import kinds
from evo.core.errors import UsageError

GRID = kinds.get("optimizer").learning_rates


def test_a_kind_that_needs_classes_is_refused_on_a_task_without() -> None:
    with pytest.raises(UsageError, match="needs tasks of classification, and 'harmonics' is none"):
        create.check_config(parse({"kind": "loss", "tasks": ["digits", "harmonics"]}, where="here"))

    prepare_tasks("loss", ["digits"])
    prepare_tasks("activation", ["harmonics"])


def test_a_kind_that_needs_gates_is_refused_where_a_network_has_no_gated_form(
    tmp_path: Path,
) -> None:
    task = tmp_path / "own.py"
    task.write_text(
        "from torch import nn\n"
        "from evo.networks.modules import ModuleNetwork\n"
        "from evo.tasks.digits import Digits\n"
        "class Own(Digits):\n"
        "    def networks(self):\n"
        "        make = lambda: nn.Sequential(\n"
        "            nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 10))\n"
        "        return {'plain': ModuleNetwork(make)}\n"
    )

    prepare_tasks("activation", [str(task)])
    with pytest.raises(UsageError, match=r"'gated-activation' .* network 'plain'.*no gated form"):
        prepare_tasks("gated-activation", [str(task)])
    prepare_tasks("gated-activation", ["digits", "digits-large", "digits-transformer"])


def test_it_is_said_where_no_initialiser_sees_what_layers_receive(tmp_path: Path) -> None:
    task = tmp_path / "own.py"
    task.write_text(
        "from torch import nn\n"
        "from evo.networks.modules import ModuleNetwork\n"
        "from evo.tasks.digits import Digits\n"
        "class Pair(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.first, self.act = nn.Linear(64, 8), nn.ReLU()\n"
        "        self.both = nn.Bilinear(8, 8, 10)\n"
        "    def forward(self, x):\n"
        "        x = self.act(self.first(x.flatten(1)))\n"
        "        return self.both(x, x)\n"
        "class Own(Digits):\n"
        "    def networks(self):\n"
        "        return {'pair': ModuleNetwork(Pair)}\n"
    )

    ready = prepare_tasks("initializer", [str(task), "digits-cnn", "recall"])

    said = {name: " ".join(one.remarks) for name, one in ready.items()}
    assert "network 'pair': what both.weight multiplies cannot be seen" in said.pop(str(task))
    assert not any(said.values())
    other = prepare_tasks("activation", [str(task)])[str(task)]
    assert "cannot be seen" not in " ".join(other.remarks)


def test_a_kind_brings_its_learning_rates_where_the_configuration_names_none() -> None:
    silent = parse({"kind": "optimizer", "protocol": {"batch_size": 16}}, where="here")

    found = create.with_grids(silent)

    assert found.protocol.learning_rates == GRID
    assert found.protocol.batch_size == 16


def test_learning_rates_that_are_named_stay_and_other_kinds_keep_the_protocols_own() -> None:
    named = {"kind": "optimizer", "protocol": {"learning_rates": [0.01, 0.03]}}
    plain = parse({"kind": "activation"}, where="here")

    assert create.with_grids(parse(named, where="here")).protocol.learning_rates == (0.01, 0.03)
    assert create.with_grids(plain) is plain


def test_a_regularizer_is_swept_in_strength_unless_the_configuration_says_otherwise() -> None:
    silent = parse({"kind": "regularizer"}, where="here")
    named = parse({"kind": "regularizer", "protocol": {"strengths": [1.0]}}, where="here")

    assert create.with_grids(silent).protocol.strengths == (0.1, 1.0, 10.0)
    assert create.with_grids(named).protocol.strengths == (1.0,)


def test_a_strength_without_a_penalty_is_refused() -> None:
    config = parse({"kind": "activation", "protocol": {"strengths": [1.0, 10.0]}}, where="here")

    with pytest.raises(UsageError, match="'activation' has no penalty to multiply"):
        create.check_config(config)


def test_rates_once_resolved_are_part_of_the_campaign() -> None:
    resolved = create.with_grids(parse({"kind": "optimizer"}, where="here"))

    again = parse(resolved.model_dump(mode="json"), where="its folder")

    assert create.with_grids(again) == again
    assert again.protocol.learning_rates == GRID


def test_an_operator_that_hands_components_on_is_refused_where_one_kind_is_evolved() -> None:
    config = parse({"operators": {"exchange": 1.0, "mutate-tree": 1.0}}, where="here")

    with pytest.raises(UsageError, match="'exchange' needs a combination of kinds"):
        create.check_config(config)

    create.check_config(parse({"kind": "activation+regularizer"}, where="here"))


def test_kinds_that_are_evolved_together_bring_their_grids_and_their_operators() -> None:
    config = parse({"kind": "schedule + regularizer"}, where="here")

    found = create.with_grids(config)

    assert found.kind == "regularizer+schedule"
    assert found.protocol.strengths == kinds.get("regularizer").strengths
    assert found.protocol.learning_rates == kinds.get("schedule").learning_rates
    assert set(found.operators) == {*load("default").operators, "exchange"}
    assert "exchange" not in parse({"kind": "schedule"}, where="here").operators


def test_a_kind_without_baselines_is_refused_and_the_folder_is_named(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(kinds.get("activation"), "baselines_folder", tmp_path)

    with pytest.raises(UsageError, match=f"'activation' has no baselines.*{tmp_path}"):
        create.check_config(parse({}, where="here"))


def test_a_refined_loss_needs_a_task_with_classes() -> None:
    refined = {"protocol": {"decided_by": "refined"}}
    with pytest.raises(
        UsageError, match=r'"refined" needs a task of classification, got harmonics'
    ):
        create.check_config(parse({**refined, "tasks": ["harmonics"]}, where="here"))

    create.check_config(parse({**refined, "tasks": ["digits", "harmonics"]}, where="here"))
