"""All campaigns at a glance."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from support import archive_samples

from archive.history.history import History
from archive.history.hours import save_seconds
from evo.report.facts.runs import runs_facts
from evo.report.views.runs import runs_view

CONFIG = {"kind": "activation", "tasks": ["digits"], "seed": 5, "generations": 3}


def campaign(folder: Path, generations: int) -> None:
    with History.create(folder, config=CONFIG, environment={}) as history:
        for generation in range(generations):
            made = [archive_samples.record(n, generation=generation) for n in (1, 2)]
            refused = archive_samples.refused(7, generation=generation)
            history.seal(generation, [*made, refused], [])


def shown(runs, width: int = 120) -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(runs_view(runs, where="runs"))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_state_best_spending_and_time_of_each(tmp_path) -> None:
    campaign(tmp_path / "stopped", 2)
    campaign(tmp_path / "finished", 4)
    save_seconds(tmp_path / "finished", 7200)
    runs = {run["name"]: run for run in runs_facts(tmp_path.iterdir())}

    assert {name: run["state"] for name, run in runs.items()} == {
        "stopped": "stopped",
        "finished": "finished",
    }
    finished = runs["finished"]
    assert (finished["generation"], finished["generations"], finished["hours"]) == (3, 3, 2.0)
    assert finished["best"] == {"id": f"{1:016x}", "rung": 1, "margin": -0.25, "b_wr": 0.5}
    assert (finished["proposed"], finished["evaluated"]) == (9, 6)  # not those of generation 0
    (figures,) = finished["figures"]
    record = archive_samples.record(1)
    last = [t.loss for t in record.scored.trials if t.rung == record.scored.rung]
    assert (figures["task"], figures["loss"]) == ("digits", pytest.approx(sum(last) / len(last)))
    assert f"{figures['loss']:.4g}" in shown([finished], 200)
    assert finished["llm"]["requests"] == 0


def test_one_that_is_running_is_said_to_be(tmp_path) -> None:
    with History.create(tmp_path / "run", config=CONFIG, environment={}):
        (run,) = runs_facts([tmp_path / "run"])
    assert (run["state"], run["best"]) == ("running", None)


def test_a_damaged_one_is_listed_with_the_reason(tmp_path) -> None:
    campaign(tmp_path / "whole", 1)
    campaign(tmp_path / "broken", 1)
    (tmp_path / "broken" / "campaign.json").write_text("{")
    runs = {run["name"]: run for run in runs_facts(tmp_path.iterdir())}

    assert runs["whole"]["problem"] is None
    assert runs["broken"]["state"] == "damaged"
    assert "broken: " in shown(list(runs.values()))


@pytest.mark.parametrize("width", [30, 60, 120])
def test_a_narrow_terminal_keeps_names_and_drops_figures(tmp_path, width) -> None:
    campaign(tmp_path / "a-long-name-of-a-campaign", 1)
    text = shown(runs_facts(tmp_path.iterdir()), width)

    assert max(map(len, text.splitlines())) <= width
    assert "a-long-name" in text
    assert ("kind" in text) is (width == 120)
