"""`evo doctor` in the real sandbox, with all walls and with one of them taken away."""

import json
from collections.abc import Set as AbstractSet
from io import StringIO
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from evo.cli import app
from evo.commands.doctor import show_examination
from evo.compute.products import examine_products
from evo.report.views.walls import walls_view
from evo.validation import doctor
from evo.validation.sandbox import walls
from evo.validation.sandbox.walls import Wall

pytestmark = pytest.mark.skipif(
    walls.standing() != set(Wall), reason="this machine lacks a wall of the sandbox"
)


def test_here_every_attack_is_tried_and_held():
    result = CliRunner().invoke(app, ["doctor", "--json"])

    facts = json.loads(result.stdout)
    assert result.exit_code == 0
    assert facts["all_hold"] is True
    assert facts["problem"] is None
    assert [(wall["wall"], wall["let_through"]) for wall in facts["walls"]] == [
        ("Landlock", []),
        ("seccomp", []),
    ]
    assert len(facts["attacks"]) == 16
    assert facts["products"]["all_right"] is True
    assert all(attack["held"] and attack["said"] for attack in facts["attacks"])


def examined(available: AbstractSet[Wall], *, as_json: bool) -> dict[str, Any]:
    """What `evo doctor` prints on a machine with these walls, which ends it with code 1."""
    facts = {**doctor.examine(available=available), "products": examine_products()}
    with pytest.raises(typer.Exit) as ended:
        show_examination(facts, as_json=as_json)
    assert ended.value.exit_code == 1
    return facts


@pytest.mark.parametrize(
    ("absent", "got_through"),
    [
        (Wall.LANDLOCK, set()),
        (Wall.SECCOMP, {"send by UDP", "make memory executable", "wait"}),
    ],
)
def test_without_a_wall_it_is_named_and_what_gets_through_is_shown(absent, got_through, capsys):
    facts = examined(set(Wall) - {absent}, as_json=True)

    assert json.loads(capsys.readouterr().out) == facts
    assert facts["all_hold"] is False
    assert str(absent) in facts["problem"]
    assert {a["attack"] for a in facts["attacks"] if not a["held"]} == got_through
    assert [wall["wall"] for wall in facts["walls"] if wall["let_through"] is None] == [absent]


def test_without_any_wall_files_are_read_and_the_view_says_so(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    examined(set(), as_json=False)

    shown = capsys.readouterr().out
    assert "GENERATED CODE IS NOT WALLED IN HERE" in shown
    (line,) = [line for line in shown.splitlines() if "read a file" in line]
    assert "NOT HELD" in line
    assert "GotThrough" in line


def test_a_wall_that_stands_but_does_not_hold_is_found_out():
    # A filter that allows everything: the kernel takes it, and it stops nothing.
    attacks = [a for a in doctor.ATTACKS if a.name in {"read a file", "send by UDP"}]

    facts = doctor.examine(attacks=attacks, boot=TOOTHLESS)

    assert facts["all_hold"] is False
    assert facts["walls"][1]["let_through"] == ["read a file", "send by UDP"]
    assert {a["attack"]: a["held"] for a in facts["attacks"]} == {
        "read a file": True,
        "send by UDP": False,
    }


ALLOW = 0x7FFF0000  # SECCOMP_RET_ALLOW of linux/seccomp.h
TOOTHLESS = f"""
import struct, sys
sys.path.insert(0, sys.argv[1])
from evo.validation.sandbox import syscalls
syscalls.bytecode = lambda machine: struct.pack("HBBI", 6, 0, 0, {ALLOW:#x})
from evo.validation.sandbox.zygote import run_zygote
run_zygote(int(sys.argv[2]))
"""


def test_a_sandbox_that_does_not_start_is_a_problem_and_no_traceback():
    facts = doctor.examine(boot="raise SystemExit('no torch here')")

    console = Console(width=200, record=True, file=StringIO())
    console.print(walls_view(facts))
    assert facts["all_hold"] is False
    assert "no torch here" in facts["problem"]
    assert "no torch here" in console.export_text()
