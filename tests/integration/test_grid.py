"""A study with a stub for training: turns, resuming, sharing, adding cells, its report."""

import re
from html import unescape
from pathlib import Path
from shutil import copytree

import pytest
from grid_studies import FURTHER, STUDY, Engine, run

from archive.history.reader import Reader
from evo.core.errors import UsageError
from evo.report.documents.study_contents import StudyReport
from evo.report.documents.writing import write_report
from evo.report.facts.study import study_facts
from evo.studies.grid.report import report_of_study
from evo.studies.grid.results import cells_in


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Path, Engine]:
    folder, engine = tmp_path_factory.mktemp("studies") / "small", Engine()
    assert run(folder, STUDY, engine) == []
    return folder, engine


@pytest.fixture(scope="module")
def report(finished) -> StudyReport:
    return report_of_study(finished[0], pictures=True)


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
    folder, engine = finished[0], Engine()
    copytree(folder, tmp_path / "small")
    before = {name: contents(folder, name) for name in ("random-0", "climb-0")}

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


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[axes.search.random]", "[axes.kind.any]\n[axes.search.random]", "with the axes search"),
        (
            'axes.search.random]\nstrategy = "random"\n[axes.search.climb',
            "axes.search.hill",
            "none",
        ),
    ],
)
def test_the_folder_of_another_study_is_left_alone(finished, old, new, message) -> None:
    folder, engine = finished
    turns, before = len(engine.turns), (folder / "study.json").read_bytes()
    text = f"seeds = [0]\n{STUDY}"
    assert old in text

    with pytest.raises(UsageError, match=message):
        run(folder, text.replace(old, new), engine)

    assert (len(engine.turns), (folder / "study.json").read_bytes()) == (turns, before)


def table_rows(document: str, form: str, first: str) -> list[list[str]]:
    """Cells of all table rows of a document that begin with a text, formatting left out."""
    plain = unescape(re.sub(r"\\(.)", r"\1", document)) if form != "latex" else document
    if form == "html":
        lines = re.findall(r"<tr>(.*?)</tr>", plain)
        rows = [re.findall(r"<td[^>]*>(.*?)</td>", line) for line in lines]
    else:
        sign = "|" if form == "md" else "&"
        lines = [line.strip().strip("|") for line in plain.splitlines() if sign in line]
        rows = [line.removesuffix("\\\\").split(sign) for line in lines]
    cells = [[re.sub(r"[$\\]", "", cell).strip() for cell in row] for row in rows]
    return [row for row in cells if row and row[0] == first]


@pytest.mark.parametrize("form", ["html", "md", "latex"])
def test_the_figures_of_a_study_are_in_every_format(report, form) -> None:
    document = write_report(report, form)
    facts = report.facts

    for cell in facts["cells"]:
        (row,) = table_rows(document, form, cell["name"])
        assert str(cell["proposed"]) == row[1 if form == "latex" else 3 if form == "html" else 2]
        for value in (cell["mean_margin"], cell["best"]["margin"]):
            assert any(f"{value:.3f}" in text for text in row)
        for share in (cell["valid_share"], cell["new_share"]):
            assert any(text.startswith(f"{100 * share:.0f} % [") for text in row)
    effects = table_rows(document, form, "search")
    assert len(effects) == len(facts["effects"]) == 8
    for effect, row in zip(facts["effects"], effects, strict=True):
        assert row[2] == effect["measure"].replace("_", " ")
        assert f"{effect['mean']:+.3f}" in row
    for change in facts["course"]["changes"]:
        (row,) = table_rows(document, form, change["measure"].replace("_", " "))
        assert row[1:4] == ["2", f"{change['first']:.3f}", f"{change['last']:.3f}"]


def test_the_report_has_a_section_per_kind_with_its_best_and_pictures(report) -> None:
    assert [row["name"] for row in report.facts["cells"]] == ["random-0", "climb-0"]
    assert report.axes == ["search"]
    (section,) = report.kinds
    assert len(section.pictures) == 5
    assert all(address.startswith("data:image/png") for address in section.pictures.values())
    document = write_report(report, "html")
    best = max(section.top, key=lambda pair: pair[1].scored.bsota_wr.value)[1]
    assert best.id in document
    assert f"BSOTA-WR {best.scored.bsota_wr.value:.3f}" in document


@pytest.mark.heavy(
    quick="test_screened_campaign.py::test_what_the_model_is_worth_is_told_by_source"
)
def test_reward_models_are_learned_from_each_level_and_tested_on_each(tmp_path) -> None:
    text = STUDY.replace("hypotheses = 24", "hypotheses = 48\nseeds = [0, 1]")
    run(tmp_path / "small", text.replace("rounds = 3", "rounds = 1"), Engine())

    report = report_of_study(tmp_path / "small", pictures=False)

    (section,) = report.kinds
    assert section.efficiency is not None
    (by,) = section.efficiency["axes"]
    assert by["axis"] == "search"
    levels = {(pair["learned_from"], pair["tested_on"]) for pair in by["matrix"]}
    assert levels == {(one, other) for one in ("climb", "random") for other in ("climb", "random")}
    assert [part["part"] for part in section.efficiency["ahead"]][-1] == 5
    for form in ("html", "md"):
        document = write_report(report, form)
        (row, _) = table_rows(document, form, "climb")
        assert f"{by['matrix'][0]['found_at_quarter']:.2f} [" in row[2]


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
