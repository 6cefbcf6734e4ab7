import json
from pathlib import Path

import pytest

from evo.core.errors import UsageError
from evo.studies.panel import Panel, PanelComponent, Truth, read_panel, write_panel


def known(*results: tuple[float | None, float]) -> PanelComponent:
    truth = {
        f"net-{number}": Truth(loss=loss, accuracy=accuracy, learning_rate=0.01)
        for number, (loss, accuracy) in enumerate(results)
    }
    return PanelComponent(source="def activation(x):\n    return x\n", truth=truth)


PANEL = Panel(
    about="three",
    functions={
        "a": known((0.1, 0.9), (0.3, 0.8)),
        "b": known((0.2, 0.8), (0.1, 0.9)),
        "c": known((None, 0.0), (0.2, 0.7)),
    },
)


def test_combined_truth_is_the_mean_rank_over_networks() -> None:
    ranks = PANEL.ranks("loss")

    assert {name: list(values) for name, values in ranks.items()} == {
        "net-0": [1, 2, 3],
        "net-1": [3, 1, 2],
        "combined": [2.0, 1.5, 2.5],
    }
    assert list(PANEL.ranks("accuracy")["combined"]) == [1.5, 1.5, 3.0]


def test_a_panel_that_is_written_is_read_back(tmp_path: Path) -> None:
    write_panel(PANEL, tmp_path / "panel.json")

    assert read_panel(tmp_path / "panel.json") == PANEL


def test_the_panel_that_comes_with_evo_has_28_functions_on_two_networks() -> None:
    panel = read_panel(None)

    assert len(panel.functions) == 28
    assert panel.networks == ["mlp", "cnn"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Invalid JSON"),
        ('{"functions": {}}', "functions"),
        ('{"functions": [1]}', "functions"),
        (json.dumps({"functions": {"a": {"source": "x"}}}), "functions.a.truth"),
    ],
)
def test_what_is_no_panel_is_refused_and_says_where(tmp_path: Path, text, message) -> None:
    path = tmp_path / "panel.json"
    path.write_text(text)

    with pytest.raises(UsageError, match=message) as refused:
        read_panel(path)
    assert str(path) in str(refused.value)


def test_functions_of_other_networks_are_refused(tmp_path: Path) -> None:
    whole = json.loads(PANEL.model_dump_json())
    del whole["functions"]["b"]["truth"]["net-1"]
    (tmp_path / "panel.json").write_text(json.dumps(whole))

    with pytest.raises(UsageError, match=r"expected the networks of 'a'.*'b' has"):
        read_panel(tmp_path / "panel.json")


def test_a_panel_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_panel(tmp_path / "none.json")
    with pytest.raises(UsageError, match="cannot be read"):
        read_panel(None, "no-such-kind")
