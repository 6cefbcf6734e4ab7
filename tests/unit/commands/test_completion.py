import pytest
from typer.testing import CliRunner

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
    assert complete_kind("activ") == ["activation"]
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
    ],
)
def test_the_shell_gets_them(workplace, line, expected):
    words = line.split()
    asked = {
        "_EVO_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }

    result = CliRunner().invoke(app, [], env=asked, prog_name="evo")

    assert result.stdout.split() == expected
