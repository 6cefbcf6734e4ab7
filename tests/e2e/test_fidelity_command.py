import json
from pathlib import Path

import pytest
from support.command import Evo, Finished

SHORT = (
    *("--set", "protocol.rungs=[{epochs = 1, seeds = 2}, {epochs = 2, seeds = 2}]"),
    *("--set", "protocol.learning_rates=[0.01]"),
)
BODIES = {"sound": "torch.tanh(x)", "fair": "torch.relu(x)", "poor": "1e-4 * torch.tanh(x)"}


@pytest.fixture(scope="module")
def made(evo: Evo, workplace: Path) -> Finished:
    """A panel of three files, made by a training that is full in name only."""
    for name, body in BODIES.items():
        source = f"import torch\n\n\ndef activation(x):\n    return {body}\n"
        (workplace / f"{name}.py").write_text(source)
    files = [f"{name}.py" for name in BODIES]
    task = ("--set", 'tasks=["digits"]')  # that of the default protocol, to which it is held
    return evo("fidelity", "--make", "mine.json", *files, *SHORT, *task, "--json")


def test_a_panel_is_made_by_training_files(made: Finished, workplace: Path) -> None:
    panel = json.loads((workplace / "mine.json").read_text())

    assert made.code == 0, made.err
    assert made.json["functions"] == 3
    assert set(panel["functions"]) == set(BODIES)
    networks = {name: known["truth"] for name, known in panel["functions"].items()}
    assert len(networks["sound"]) == 4
    assert set(panel["halves"]) == {"loss", "accuracy"}
    assert -1 <= panel["halves"]["loss"] <= 1
    assert all(
        networks["sound"][name]["loss"] < networks["poor"][name]["loss"]
        for name in networks["sound"]
    )


@pytest.mark.heavy(quick="test_a_panel_is_made_by_training_files")
def test_the_training_that_made_a_panel_agrees_with_it(
    made: Finished, evo: Evo, workplace: Path
) -> None:
    found = evo("fidelity", "mine.json", *SHORT, "--json")

    assert found.code == 0, found.err
    assert found.json["halves"] == json.loads((workplace / "mine.json").read_text())["halves"]
    combined = {
        (row["rung"], row["measure"], row["truth"]): row["tau"]
        for row in found.json["tau"]
        if row["network"] == "combined"
    }
    assert combined[1, "accuracy", "accuracy"] == pytest.approx(1.0)
    assert combined[1, "loss", "loss"] == pytest.approx(1.0)
    assert {rung for rung, _, _ in combined} == {0, 1}
    assert set(found.json["seconds"]) == set(BODIES)
    assert found.json["seconds_per_candidate"] > 0


def test_what_is_no_panel_ends_with_one_message(evo: Evo, workplace: Path) -> None:
    (workplace / "none.json").write_text("{}")

    wrong = evo("fidelity", "none.json")

    assert wrong.code == 2
    assert wrong.out == ""
    assert "none.json: functions" in wrong.err.replace("\n", "")
