"""A whole campaign on a training loop of one's own, from its file to the component in a script."""

import math
from pathlib import Path
from types import ModuleType

import pytest
import torch
from support.command import Finished, call_evo
from support.profiles import PROFILE

LOOP = '''
"""How well a parabola is a sum of a line and an activation to the left and the right."""

import torch

from evo.tasks.loop import Measurements, Metric, loop

print("reading the data")
x = torch.linspace(-2, 2, 41)


def train(parts, seed, settings, budget):
    """Least squares, on points that move with the seed."""
    act, points = parts.activation(), x + 0.02 * torch.randn(41)
    columns = torch.stack([torch.ones(41), points, act(points), act(-points)], dim=1).detach()
    targets = (points**2)[:, None]
    rest = columns @ torch.linalg.lstsq(columns + 1e-4, targets, driver="gelsd").solution - targets
    error = rest.square().mean() + 0.01 / budget.epochs
    return Measurements(error, error, metric=error.sqrt())


task = loop(train, metric=Metric("deviation", higher_is_better=False, perfect=0))
'''
CONFIGURATION = """
kind = "activation"
tasks = ["fit.py"]
generations = 2
population = 4
offspring = 6
trainings = 3
seed = 1

[novelty]
text_model = "none"

[protocol]
rungs = [{ epochs = 1, seeds = 2 }]
learning_rates = [1]
leaders = 0
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("looped")
    (made / "fit.py").write_text(LOOP)
    (made / "fit.toml").write_text(CONFIGURATION)
    return made


@pytest.fixture(scope="module")
def searched(folder: Path) -> Finished:
    return call_evo("run", "fit.toml", "--name", "fit", "--json", cwd=folder)


def test_a_campaign_reaches_its_end_and_says_its_losses(searched: Finished, folder: Path) -> None:
    assert searched.code == 0, searched.err
    assert "reading the data" not in searched.out

    (entry,) = call_evo("list", "runs", "--json", cwd=folder).json

    assert (entry["state"], entry["generation"]) == ("finished", 2)
    (figures,) = entry["figures"]
    assert figures["metric"] == pytest.approx(math.sqrt(figures["loss"]), rel=0.2)
    assert figures["baseline"]["loss"] < 0.2  # some baseline fits a parabola


def test_its_best_is_used_in_a_script(searched: Finished, folder: Path) -> None:
    best = call_evo("status", "fit", "--json", cwd=folder).json["best"]["id"]

    exported = call_evo("export", "fit", "--component", best, "--as", "module", cwd=folder)

    found = ModuleType("found")
    exec(exported.out, vars(found))
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), vars(found)["Activation"]())
    assert model(torch.ones(1, 2)).shape == (1, 3)


@pytest.mark.long
@pytest.mark.skipif(PROFILE != "nightly", reason="make test-long")
def test_it_is_confirmed_on_fresh_seeds(searched: Finished, folder: Path) -> None:
    words = ("--top", "1", "--epochs", "2", "--seeds", "8", "--task", "fit.py", "--json")
    best = call_evo("status", "fit", "--json", cwd=folder).json["best"]["id"]

    confirmed = call_evo("confirm", "fit", *words, cwd=folder)

    assert confirmed.code == 0, confirmed.err
    assert best in {entry["id"] for entry in confirmed.json["candidates"]}
