"""The budget of a study whose trainings are a stub: divided, never exceeded, raised later."""

from contextlib import suppress
from pathlib import Path

import pytest
from grid_studies import FURTHER, STUDY, Engine, run

from archive.history.reader import Reader
from evo.studies.grid.shares import used_by

_SMALL = STUDY.replace('strategy = "hill"', 'strategy = "hill"\ntrainings = 1')
"""One cell trains 4 per generation, the other 1: 15 in all."""


def with_budget(text: str, trainings: int) -> str:
    return f"budget = {{ trainings = {trainings} }}\n{text}"


def trained(folder: Path) -> dict[str, float]:
    places = (file.parent for file in sorted(folder.glob("*/campaign.json")))
    return {place.name: used_by(place)["trainings"] for place in places}


def test_a_cell_gets_what_another_leaves(tmp_path) -> None:
    folder = tmp_path / "small"

    assert run(folder, with_budget(_SMALL, 15), Engine()) == []

    assert trained(folder) == {"climb-0": 3, "random-0": 12}  # an equal share would be 7
    assert not (folder / "shares.json").exists()


@pytest.mark.heavy(quick="test_grid.py::test_a_study_that_was_cut_off_goes_on_to_the_same_records")
def test_a_study_that_was_cut_off_spends_as_one_that_was_not(tmp_path) -> None:
    text = with_budget(_SMALL, 13)
    whole = run(tmp_path / "whole", text, Engine())
    calls, failures = 0, None
    while failures is None:
        calls += 1
        engine = Engine()
        engine.stop_before = 1
        with suppress(KeyboardInterrupt):
            failures = run(tmp_path / "cut", text, engine)

    assert calls > 3
    assert failures == whole
    assert trained(tmp_path / "cut") == trained(tmp_path / "whole")


@pytest.mark.heavy(quick="test_grid.py::test_cells_are_added_later_and_none_runs_again")
def test_cells_that_are_added_and_a_raised_budget_go_on(tmp_path) -> None:
    folder = tmp_path / "small"
    assert len(run(folder, with_budget(STUDY, 18), Engine())) == 2
    assert trained(folder) == {"climb-0": 8, "random-0": 8}

    (failure, *others) = run(folder, with_budget(FURTHER, 18), Engine())

    assert len(others) == 2
    assert "trainings" in str(failure)
    assert sum(trained(folder).values()) <= 18

    assert run(folder, with_budget(FURTHER, 36), Engine()) == []
    assert set(trained(folder).values()) == {12}
    assert Reader.read(folder / "best-0").generation == 3
