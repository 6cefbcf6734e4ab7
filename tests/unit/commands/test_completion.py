import no_training
import pytest
from typer.testing import CliRunner

from evo.campaign.config import Config
from evo.cli import app
from evo.commands.completion import complete_config, complete_kind, complete_run, complete_task


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    for name in ("whole", "half"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "campaign.json").write_text("{}")
    (tmp_path / "smoky.toml").write_text("")
    (tmp_path / "runs" / "no-campaign").mkdir()
    monkeypatch.chdir(tmp_path)


def test_campaigns_complete_by_name(workplace):
    assert complete_run("") == ["half", "whole"]
    assert complete_run("wh") == ["whole"]


def test_presets_and_toml_files_complete(workplace):
    assert complete_config("smok") == ["smoke", "smoky.toml"]
    assert "default" in complete_config("")


def test_kinds_complete_also_behind_a_plus():
    assert complete_kind("activa") == ["activation"]
    assert complete_kind("activation+reg") == ["activation+regularizer"]


def test_tasks_complete():
    assert complete_task("digits-c") == ["digits-cnn"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("evo status wh", ["whole"]),
        ("evo run smok", ["smoke", "smoky.toml"]),
        ("evo validate some.py --kind parametric", ["parametric-activation"]),
        ("evo stat", ["status"]),
        ("evo ctl wh", ["whole"]),
        ("evo ctl whole p", ["pause", "pin"]),
        ("evo ctl whole budget ho", ["hours="]),
        ("evo ctl whole budget hours=+1 req", ["requests="]),
        ("evo ctl whole unhint a", ["all"]),
        ("evo ctl whole pause x", []),
        ("evo ctl whole pin 1", []),  # a campaign that cannot be read
        ("evo ctl none pin 1", []),
    ],
)
def test_the_shell_gets_them(workplace, line, expected):
    assert completed(line) == expected


def test_the_shell_gets_what_a_campaign_has(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    steering = {"pinned": ["a1", "a2"], "banned": ["b1"]}
    model = {"provider": "scripted", "model": "x.json", "price_in": 0, "price_out": 0}
    llm = {"models": [{**model, "name": "large"}, {**model, "model": "leaf.json"}]}
    config = no_training.configure().model_dump(mode="json", exclude={"operators", "portfolio"})
    config = Config.model_validate({**config, "steering": steering, "llm": llm})
    with no_training.create(tmp_path / "runs" / "first", config) as history:
        history.seal(0, [], ["c1", "c2", "d1"])

    assert completed("evo ctl first pin c") == ["c1", "c2"]
    assert completed("evo ctl runs/first ban d") == ["d1"]
    assert completed("evo ctl first unpin a") == ["a1", "a2"]
    assert completed("evo ctl first unban b") == ["b1"]
    assert completed("evo ctl first unban b1 b") == []
    assert completed("evo ctl first model l") == ["large", "leaf.json"]
    assert completed("evo ctl first model large o") == ["on", "off"]


def completed(line):
    words = line.split()
    asked = {
        "_EVO_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }

    result = CliRunner().invoke(app, [], env=asked, prog_name="evo")

    return result.stdout.split()
