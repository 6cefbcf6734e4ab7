"""`evo run --check`, and what every start checks: all problems at once."""

from pathlib import Path
from typing import Any

import pytest

import evo
from evo.api import checking
from evo.api.checking import check_start, finding_facts
from evo.api.opening import start
from evo.campaign.config import Config, load
from evo.compute.memory import Peak, free_bytes
from evo.core.errors import EvoError, UsageError

WELL = {
    "all_hold": True,
    "problem": None,
    "walls": [],
    "attacks": [{"attack": "fork", "held": True}],
}
ROOM = Peak("digits", "wide", 16, 10_000_000, 8_000_000_000)
MODEL = 'llm.models=[{provider="openai", model="m", base_url="http://127.0.0.1:9/v1"}]'
KEYLESS = MODEL.replace("}]", ', key_env="NO_SUCH_KEY"}]')


def configure(*settings: str) -> Config:
    return load("smoke", ["novelty.text_model=none", "device=cpu", *settings])


def checked(folder: Path, *settings: str, walls: Any = WELL, peak: Any = ROOM) -> dict[str, str]:
    """The problems by part."""

    def measure(_: Config) -> Peak:
        if isinstance(peak, Exception):
            raise peak
        return peak

    findings = check_start(
        lambda: configure(*settings), folder, examine_walls=lambda: walls, measure=measure
    )
    facts = finding_facts(findings)
    assert facts["ok"] is not any(finding.problem for finding in findings)
    return {finding.part: finding.problem for finding in findings if finding.problem}


def test_nothing_is_wrong_and_every_part_is_named(tmp_path) -> None:
    assert checked(tmp_path) == {}
    findings = check_start(configure, tmp_path, examine_walls=lambda: WELL, measure=lambda _: ROOM)
    parts = {finding.part: finding.remark for finding in findings}
    assert {"walls", "products", "disk", "memory", "tasks", "operators"} <= parts.keys()
    assert not {"trackers", "lessons", "start_from"} & parts.keys()  # it uses none
    assert "16 copies of wide (digits) take 0.01 GB per worker" in parts["memory"]
    assert list(tmp_path.iterdir()) == []


def test_all_problems_are_reported_at_once(tmp_path) -> None:
    problems = checked(
        tmp_path,
        *('tasks=["digits", "nonsense"]', KEYLESS, "operators.nonsens=1", "generations=900000000"),
        'notify.command=["./not-there"]',
        walls={**WELL, "all_hold": False, "problem": "No Landlock."},
    )

    assert problems.keys() == {
        *("tasks", "operators", "language models", "notifications", "disk", "walls"),
    }
    assert "NO_SUCH_KEY" in problems["language models"]
    assert "./not-there is no program" in problems["notifications"]
    assert "nonsense" in problems["tasks"]
    assert "MB free" in problems["disk"]


def test_a_wrong_key_of_the_configuration_leaves_the_walls_to_check(tmp_path) -> None:
    problems = checked(tmp_path, "generatons=3", walls={**WELL, "all_hold": False, "problem": "x"})

    assert problems.keys() == {"configuration", "walls"}


def test_a_missing_key_and_a_dead_endpoint_are_found_before_anything_trains(tmp_path) -> None:
    assert "NO_SUCH_KEY" in checked(tmp_path, KEYLESS)["language models"]


@pytest.mark.parametrize(
    ("peak", "message"),
    [
        (ROOM._replace(bytes=9_000_000_000), "Lower workers, batch_size or seeds"),
        (EvoError("Not even one copy fits."), "Not even one copy fits."),
    ],
)
def test_a_network_that_does_not_fit_is_a_problem(tmp_path, peak, message) -> None:
    assert message in checked(tmp_path, peak=peak)["memory"]


def test_this_machine_says_how_much_memory_is_left() -> None:
    assert (free_bytes("cpu") or 0) > 1_000_000


def test_a_start_says_all_problems_and_makes_no_folder(tmp_path) -> None:
    config = configure('tasks=["nonsense"]', KEYLESS, 'start_from=["no-such-run"]')

    with pytest.raises(UsageError) as raised:
        start(config, tmp_path / "run", warn=lambda _: None)

    lines = str(raised.value).splitlines()
    assert lines[0] == "3 problems, and nothing was spent:"
    assert [line[:3] for line in lines[1:]] == ["1. ", "2. ", "3. "]
    assert all(name in str(raised.value) for name in ("nonsense", "NO_SUCH_KEY", "no-such-run"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("kind", "said"), [("initializer", 1), ("activation", 0)])
def test_a_start_warns_where_a_win_of_the_cheap_protocol_says_little(tmp_path, kind, said) -> None:
    warnings: list[str] = []
    config = configure(f"kind={kind}")

    with start(config, tmp_path / "run", unsafe_sandbox=True, warn=warnings.append):
        pass

    assert (
        len([one for one in warnings if "A win means little before `evo confirm`" in one]) == said
    )


def test_python_begins_with_other_campaigns_by_name(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match="Unknown campaign 'no-such-run'"):
        evo.run("smoke", start_from="no-such-run@3", overrides={"device": "cpu"})
    assert not (tmp_path / "runs").exists()


def test_a_single_problem_is_said_as_it_is(tmp_path) -> None:
    with pytest.raises(UsageError, match=r"^Unknown task 'nonsense'"):
        start(configure('tasks=["nonsense"]'), tmp_path / "run", warn=lambda _: None)


def test_the_walls_that_were_let_through_are_named() -> None:
    facts = {
        "all_hold": False,
        "problem": None,
        "attacks": [{"attack": "fork", "held": False}],
        "walls": [{"wall": "seccomp", "let_through": ["wait"]}],
    }
    finding = checking.walls_finding(facts)

    assert finding.problem == "They let through: fork, seccomp: wait. See evo doctor."
