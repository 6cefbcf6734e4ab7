"""Seeds and further baselines in whole campaigns, with a stub for training."""

from pathlib import Path

import no_training
import pytest

from archive.history.history import History
from archive.history.reader import Reader
from evo.campaign.config import Config
from evo.campaign.given import names_of_baselines, with_sources
from evo.core.errors import UsageError
from evo.core.records import Record, Status

SMALL = ("population=6", "offspring=8", "trainings=4", "generations=2", "seed=3")


@pytest.fixture(autouse=True)
def mine(tmp_path, monkeypatch) -> Path:
    """A folder of own components; the last one is refused."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine"
    folder.mkdir()
    bodies = {"bump": "x * torch.exp(-x * x)", "bent": "torch.atan(2 * x) + 0.1 * x"}
    for name, body in bodies.items():
        text = f"import torch\n\n\ndef activation(x):\n    return {body}\n"
        (folder / f"{name}.py").write_text(text)
    (folder / "thief.py").write_text("import os\n\n\ndef activation(x):\n    return x\n")
    return folder


def configure(**given: list[str]) -> Config:
    return with_sources(no_training.configure(SMALL).model_copy(update=given))


def records(config: Config, folder: Path) -> list[Record]:
    with no_training.create(folder, config) as history:
        no_training.run(history, lambda _: None)
    return list(Reader.read(folder).records)


def test_seeds_enter_generation_1_marked_as_given_and_train_whatever_is_drawn(tmp_path) -> None:
    made = records(configure(seeds=["mine/*.py"]), tmp_path / "run")

    seeds = [record for record in made if record.is_given]
    assert [record.generation for record in seeds] == [1, 1, 1]
    assert [record.status for record in seeds] == [
        *(Status.EVALUATED, Status.EVALUATED, Status.INVALID)
    ]
    assert "`os`" in seeds[2].reason
    others = [r for r in made if r.generation == 1 and not r.is_given]
    assert len(others) == 8
    assert sum(r.status is Status.EVALUATED for r in others) == 2


def test_the_same_campaign_without_seeds_proposes_the_same_in_generation_1(tmp_path) -> None:
    seeded = records(configure(seeds=["mine/b*.py"]), tmp_path / "seeded")
    plain = records(configure(), tmp_path / "plain")

    def proposed(made: list[Record]) -> list[str]:
        return [r.id for r in made if r.generation == 1 and not r.is_given]

    assert proposed(seeded) == proposed(plain)


def test_a_resume_needs_no_file_and_equals_the_uninterrupted_campaign(mine, tmp_path) -> None:
    config = configure(seeds=["mine/b*.py"], baselines=["mine/bent.py"])
    whole = records(config, tmp_path / "whole")
    (tmp_path / "cut").mkdir()
    no_training.create(tmp_path / "cut", config).close()
    for file in mine.iterdir():
        file.unlink()

    def cut(progress) -> None:
        if (progress.generation, progress.step) == (1, "archive"):
            raise KeyboardInterrupt

    with History.open(tmp_path / "cut") as history, pytest.raises(KeyboardInterrupt):
        no_training.run(history, cut)
    with History.open(tmp_path / "cut") as history:
        no_training.run(history, lambda _: None)

    assert [r.id for r in Reader.read(tmp_path / "cut").records] == [r.id for r in whole]


def test_a_further_baseline_trains_in_full_and_is_named(tmp_path) -> None:
    config = configure(baselines=["mine/bent.py"])
    made = records(config, tmp_path / "run")

    known = {r.id: r for r in made if r.is_baseline}
    names = names_of_baselines(Reader.read(tmp_path / "run").config)
    (bent,) = (known[id_] for id_, name in names.items() if name == "bent")
    assert set(known) == set(names)
    assert bent.scored.rung == len(config.protocol.rungs) - 1


def test_a_further_baseline_may_be_named_as_evo_list_has_it() -> None:
    (given,) = configure(baselines=["star_relu"]).baselines

    assert "arXiv 2210.13452" in given.source
    assert with_sources(configure(baselines=["star_relu"])).baselines == (given,)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"seeds": ["absent/*.py"]}, "absent/\\*.py matches none"),
        ({"seeds": ["mine/*.py", "mine/b*.py"]}, "5 components, and a generation trains 4"),
        ({"baselines": ["mine/bent.py", "mine/bent.py"]}, "not taken, got bent"),
    ],
)
def test_what_cannot_be_given_is_said_before_anything_is_spent(given, message) -> None:
    with pytest.raises(UsageError, match=message):
        configure(**given)


def test_a_baseline_of_the_name_of_a_known_one_is_refused(mine) -> None:
    (mine / "bent.py").rename(mine / "relu.py")

    with pytest.raises(UsageError, match="not taken, got relu"):
        configure(baselines=["mine/relu.py"])
