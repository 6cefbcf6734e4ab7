"""A study with a stub for training: turns, resuming, sharing, adding cells, its report."""

from pathlib import Path
from shutil import copytree

import pytest
from grid_studies import FURTHER, STUDY, Engine, run

from archive.history.reader import Reader
from evo.core.errors import UsageError
from evo.grid.report import report_of_study
from evo.grid.results import cells_in
from evo.report.documents.writing import write_report
from evo.report.facts.study import study_facts


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Path, Engine]:
    folder, engine = tmp_path_factory.mktemp("studies") / "small", Engine()
    assert run(folder, STUDY, engine) == []
    return folder, engine


def contents(folder: Path, name: str) -> list[tuple[object, ...]]:
    return [(r.id, r.status, r.score, r.novelty) for r in Reader.read(folder / name).records]


def test_cells_advance_in_turn(finished) -> None:
    _, engine = finished

    both = ("random-0", "climb-0")
    assert engine.turns == [(name, number) for number in (1, 2, 3) for name in both]


def test_what_one_cell_trained_counts_in_the_next(finished) -> None:
    folder, engine = finished
    first, second = (Reader.read(folder / name) for name in ("random-0", "climb-0"))

    baselines = sum(record.is_baseline for record in first.records)
    assert baselines > 8
    assert engine.trained["random-0"] - engine.trained["climb-0"] >= baselines
    assert contents(folder, "random-0")[:baselines] == contents(folder, "climb-0")[:baselines]
    assert second.records[0].seconds == 0.0


def test_a_study_that_was_cut_off_goes_on_to_the_same_records(finished, tmp_path) -> None:
    folder, _ = finished
    engine = Engine()
    engine.stop_before = 3
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "small", STUDY, engine)
    assert [turn for turn, _ in engine.turns] == ["random-0", "climb-0", "random-0"]
    engine.stop_before = None
    assert run(tmp_path / "small", STUDY, engine) == []

    for name in ("random-0", "climb-0"):
        assert contents(tmp_path / "small", name) == contents(folder, name)


def test_cells_are_added_later_and_none_runs_again(finished, tmp_path) -> None:
    engine = Engine()
    run(tmp_path / "small", STUDY, engine)
    before = {name: contents(tmp_path / "small", name) for name in ("random-0", "climb-0")}
    engine.turns.clear()

    assert run(tmp_path / "small", FURTHER, engine) == []

    assert engine.turns == [("best-0", number) for number in (1, 2, 3)]
    assert {name: contents(tmp_path / "small", name) for name in before} == before
    assert [cell.name for cell in cells_in(tmp_path / "small")] == [*before, "best-0"]


def test_a_cell_is_not_run_under_other_settings(finished) -> None:
    folder, engine = finished
    turns = len(engine.turns)
    with pytest.raises(UsageError, match=r"random-0 was begun under other settings \(population\)"):
        run(folder, STUDY.replace("population = 6", "population = 7"), engine)
    assert len(engine.turns) == turns


def test_a_campaign_that_is_not_of_the_study_is_left_alone(finished, tmp_path) -> None:
    folder, _ = finished
    copytree(folder / "climb-0", tmp_path / "other" / "climb-0")
    with pytest.raises(UsageError, match="the study has not begun that cell"):
        run(tmp_path / "other", STUDY, Engine())
    assert contents(tmp_path / "other", "climb-0") == contents(folder, "climb-0")


def test_the_report_shows_each_cell_in_every_format(finished) -> None:
    folder, _ = finished
    report = report_of_study(folder, pictures=True)

    assert [row["name"] for row in report.facts["cells"]] == ["random-0", "climb-0"]
    assert report.axes == ["search"]
    (section,) = report.kinds
    assert len(section.pictures) == 3
    assert all(address.startswith("data:image/png") for address in section.pictures.values())
    for form in ("html", "md", "latex"):
        document = write_report(report, form)
        plain = document.replace("\\-", "-")  # as Markdown escapes it
        assert "random-0" in plain
        assert "climb-0" in plain


def test_facts_count_what_the_campaigns_hold(finished) -> None:
    folder, _ = finished
    facts = study_facts("small", cells_in(folder))

    for row in facts["cells"]:
        records = [r for r in Reader.read(folder / row["name"]).records if r.is_proposal]
        assert row["proposed"] == len(records) == 24
        assert row["state"] == "finished"
        assert row["full"] > 0
        margins = [r.scored.margin.value for r in records if r.score and r.scored.rung == 1]
        assert row["mean_margin"] == pytest.approx(sum(margins) / len(margins))
