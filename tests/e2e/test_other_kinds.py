"""Campaigns of the kinds besides activations, from the command line to the history."""

import json
from pathlib import Path

import pytest
from support.command import Evo

from archive.history.reader import Reader
from evo.core.records import Status

KINDS = {
    "optimizer": (
        "import torch\n"
        "def update(g, m, v, w, t):\n"
        "    m = 0.8 * m + 0.2 * g\n"
        "    return torch.stack([m.sign(), m, v])\n"
    ),
    "activity-regularizer": "def penalize(y):\n    return 1e-3 * y.abs().mean()\n",
    "attention": "def attend(scores):\n    return (scores - scores.logsumexp(-1, True)).exp()\n",
    "gated-activation": "def glu(gate, value):\n    return gate.tanh() * (value + 1)\n",
    "matrix-optimizer": (
        "import torch\n"
        "def update(g, m, v, u, w, t, norm):\n"
        "    m = 0.9 * m + 0.1 * g\n"
        "    return torch.stack([m / (m.norm() + 1e-6), m, v, u])\n"
    ),
    "preprocessor": "def preprocess(x):\n    return x.tanh()\n",
    "initializer": "def initialize(z, fan_in, fan_out):\n    return z / fan_in.sqrt()\n",
    "loss": "def loss(outputs, targets):\n    return (outputs - targets).square().sum(-1)\n",
    "normalization": "def normalize(x, gain, shift):\n    return gain * x.tanh() + shift\n",
    "parametric-activation": "def activation(x, a, b):\n    return a * x.tanh() + b * x\n",
    "regularizer": "def regularize(w, strength=1e-3):\n    return strength * w.abs().sum()\n",
    "schedule": "def schedule(t):\n    return (1 - t) ** 1.5\n",
}


SHORT = (
    *("--set", "workers=1", "--set", "generations=1", "--set", "novelty.text_model=none"),
    *("--set", "protocol.learning_rates=[0.01]"),
    *("--set", "protocol.rungs=[{epochs = 1, seeds = 2, networks = 1}]"),
)
TASKS = {"attention": ("--set", 'tasks=["digits-transformer"]')}
"""Tasks of kinds that the smoke preset's do not suit."""
FURTHER = {"initializer": ("--set", 'baselines=["lsuv"]')}
"""Further baselines: one that sees what layers receive."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.heavy(
    quick="test_kinds_in_campaigns.py::"
    "test_what_is_valid_of_a_kind_trains_and_so_do_all_its_baselines"
)
def test_a_campaign_on_a_kind_runs_to_its_end(kind: str, evo: Evo, workplace: Path) -> None:
    done = evo(
        "run",
        "smoke",
        "--set",
        f"kind={kind}",
        *TASKS.get(kind, ()),
        *FURTHER.get(kind, ()),
        *SHORT,
        "--name",
        kind,
        "--json",
    )

    assert done.code == 0, done.err
    assert done.json["kind"] == kind
    assert done.json["state"] == "finished"
    records = Reader.read(workplace / "runs" / kind).records
    proposals = [record for record in records if not record.is_baseline]
    valid = [record for record in proposals if record.status is not Status.INVALID]
    assert len(valid) >= len(proposals) / 2
    assert any(record.status is Status.EVALUATED for record in proposals)
    assert all(record.status is Status.EVALUATED for record in records if record.is_baseline)


@pytest.mark.heavy(
    quick="test_combined_campaign.py::"
    "test_each_member_of_the_front_has_the_credit_of_each_component"
)
def test_two_kinds_together_run_to_their_end_and_each_gets_its_credit(
    evo: Evo, workplace: Path
) -> None:
    settings = ("--set", "kind=regularizer+activation", "--set", "protocol.strengths=[1.0]")

    done = evo("run", "smoke", *settings, *SHORT, "--name", "two", "--json")

    assert done.code == 0, done.err
    assert done.json["kind"] == "activation+regularizer"
    assert done.json["state"] == "finished"
    front = evo("pareto", "runs/two", "--json").json["front"]
    credited = [member for member in front if member["credits"]]
    assert credited
    shown = evo("show", "runs/two", credited[0]["id"], "--json").json
    assert shown["credits"] == credited[0]["credits"]
    for credit in shown["credits"].values():
        low, high = credit["log_loss_ratio_ci"]
        assert low <= credit["log_loss_ratio"] <= high
    told = evo("show", "runs/two", credited[0]["id"]).out
    assert "credit." in told
    told = evo("pareto", "runs/two").out
    assert "Each kind is listed with its credit" in told


# One whose arguments differ in shape, and one with two of a shape; tests/honest has all kinds.
@pytest.mark.parametrize("kind", ["initializer", "loss"])
def test_files_of_a_kind_are_validated_by_its_contract(
    kind: str, evo: Evo, workplace: Path
) -> None:
    good, bad = workplace / f"{kind}_good.py", workplace / f"{kind}_bad.py"
    good.write_text(KINDS[kind])
    bad.write_text("def function(x):\n    return x\n")

    done = evo("validate", str(good), str(bad), "--kind", kind, "--json")

    told = json.loads(done.out)
    assert [one["status"] for one in told] == ["valid", "invalid"]
    assert told[1]["stage"] == "policy"
    assert "expected one `def" in told[1]["reason"]
