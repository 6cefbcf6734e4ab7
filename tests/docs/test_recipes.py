"""The recipes work as they stand on their page, in sizes that take seconds."""

import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from markdown_blocks import blocks_of

from evo.api.codegen.component_file import ComponentOrigin, component_file
from evo.campaign.config import parse
from evo.components.kinds import kinds
from evo.core.records import Candidate, Record
from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.training.loops import LoopLimits, train_by_loop
from evo.evaluation.training.trials import run_trials
from evo.networks.parts import Parts
from evo.tasks.base import LoopTask, tasks
from evo.tasks.check import checked_loop, checked_task
from evo.tasks.measurements import Budget

PAGE = "docs/guide/recipes.md"
RESNET, GPT, LARGE, SCRIPT = (block.text for block in blocks_of(PAGE, "python"))
TANH = '{"inputs":1,"nodes":[["aten.tanh.default",[{"ref":0}],{}]],"output":{"ref":1}}'


def file_of(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_a_resnet_of_ones_own_trains_with_a_candidate_in_it(tmp_path: Path) -> None:
    name = file_of(tmp_path, "resnet.py", RESNET)
    protocol = Protocol(rungs=(Rung(epochs=1, seeds=2),), leaders=0, learning_rates=(0.01,))

    task, _, remarks = checked_task(name, tasks.get(name))
    results = [
        [trial.loss for trial in run_trials(Parts(function), (name,), protocol, rung=0)]
        for function in (torch.tanh, torch.sin)
    ]

    assert not remarks  # its copies train side by side
    assert list(task.networks()) == ["resnet"]
    assert all(loss < 2.3 for losses in results for loss in losses)
    assert results[0] != results[1]


def test_a_gpt_of_ones_own_trains_with_a_candidate_as_its_optimiser(tmp_path: Path) -> None:
    name = file_of(tmp_path, "gpt.py", GPT)
    task_class = tasks.get(name)
    assert issubclass(task_class, LoopTask)
    lost: list[str] = []

    def train(parts: Parts) -> float:
        results = train_by_loop(
            *(checked_loop(name, task_class), parts, Budget(2)),
            **{"seeds": [0], "learning_rates": [0.1], "strengths": [1.0]},
            **{"limits": LoopLimits(60.0), "lost": lost.append},
        )
        assert results.test_accuracy.item() == pytest.approx(results.test_loss.exp().item())
        return results.test_loss.item()

    still = train(Parts(update=lambda g, m, v, _w, _t: torch.stack([0 * g, m, v])))
    moving = train(Parts(update=lambda g, m, v, _w, _t: torch.stack([g, m, v])))

    assert not lost
    assert moving < still - 0.2


def test_a_million_parameters_train_in_half_precision_with_several_passes_per_step(
    tmp_path: Path,
) -> None:
    name = file_of(tmp_path, "large.py", GPT.replace("STEPS = 16, 20", "STEPS = 16, 8") + LARGE)
    task_class = tasks.get(name)
    assert issubclass(task_class, LoopTask)
    gpt = vars(sys.modules[task_class.__module__])["Gpt"]
    lost: list[str] = []

    results = train_by_loop(
        *(checked_loop(name, task_class), Parts(), Budget(1)),
        **{"seeds": [0], "learning_rates": [0.001], "strengths": [1.0]},
        **{"limits": LoopLimits(60.0), "lost": lost.append},
    )

    assert not lost
    size = sum(parameter.numel() for parameter in gpt(22, width=160, blocks=5).parameters())
    assert size == pytest.approx(1e6, rel=0.05)
    assert results.test_loss.item() < 2.9  # of a guess: 3.1


@pytest.mark.parametrize("number", [0, 1])
def test_the_configurations_are_of_the_kinds_that_the_page_says(number: int) -> None:
    blocks = blocks_of(PAGE, "toml")

    config = parse(tomllib.loads(blocks[number].text), where=PAGE)

    assert config.kind == ("activation", "optimizer")[number]
    assert [Path(task).name for task in config.tasks] == [("resnet.py", "gpt.py")[number]]


def test_what_was_found_trains_in_a_script_of_ones_own(tmp_path: Path, monkeypatch) -> None:
    candidate = Candidate.of("activation", "def activation(x): ...", operator="mutate-tree")
    source = component_file(
        Record(candidate, 1, graphs=(TANH,)),
        kinds.get("activation")(),
        ComponentOrigin("a", (), (), "0"),
    )
    found = ModuleType("found")
    exec(source, vars(found))
    monkeypatch.setitem(sys.modules, "found", found)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}

    torch.manual_seed(0)
    exec(SCRIPT, names)

    assert names["loss"].item() < 0.5 * names["targets"].var().item()
    assert isinstance(names["model"][1], vars(found)["Activation"])
    assert "0.weight" in torch.load(tmp_path / "model.pt")
