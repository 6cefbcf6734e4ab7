"""Cells of a study: axes crossed, rules, names and sizes."""

import pytest

from evo.core.errors import UsageError
from evo.studies.grid.cells import Cell, cells_of
from evo.studies.grid.study import Study, read_study, studies

TWO_BY_TWO = """
base = "smoke"
hypotheses = 20
seeds = [0, 1]
[settings]
novelty.text_model = "none"
[axes.kind.activation]
kind = "activation"
[axes.kind.loss]
kind = "loss"
[axes.search.random]
strategy = "random"
[axes.search.climb]
strategy = "hill"
trainings = 3
"""


def read(tmp_path, text: str) -> Study:
    file = tmp_path / "study.toml"
    file.write_text(text)
    return read_study(file)


def cells(tmp_path, text: str) -> dict[str, Cell]:
    return {cell.name: cell for cell in cells_of(read(tmp_path, text))}


def test_cells_are_all_combinations_with_the_first_seed_first(tmp_path) -> None:
    names = list(cells(tmp_path, TWO_BY_TWO))

    assert len(names) == 8
    assert names[0] == "activation-random-0"
    assert all(name.endswith("-0") for name in names[:4])


def test_settings_of_levels_win_over_the_base_and_over_those_of_all(tmp_path) -> None:
    cell = cells(tmp_path, TWO_BY_TWO)["loss-climb-1"]

    assert (cell.config.kind, cell.config.seed, cell.config.trainings) == ("loss", 1, 3)
    assert cell.config.selection.parents == "best"
    assert cell.config.novelty.text_model == "none"
    assert cell.levels == {"kind": "loss", "search": "climb", "seed": "1"}


def test_hypotheses_are_rounded_up_to_whole_generations(tmp_path) -> None:
    cell = cells(tmp_path, TWO_BY_TWO)["loss-climb-1"]

    assert cell.config.offspring == 8
    assert (cell.config.generations, cell.hypotheses) == (3, 24)
    assert [cell.end_of_round(number, 2) for number in (1, 2)] == [2, 3]


def test_a_rule_changes_or_leaves_out_the_cells_of_its_levels(tmp_path) -> None:
    rules = """
[[where]]
levels = { kind = "loss", search = "random" }
skip = true
[[where]]
levels = { kind = ["activation", "loss"], seed = "1" }
settings = { population = 10 }
"""
    found = cells(tmp_path, TWO_BY_TWO + rules)

    assert not any(name.startswith("loss-random") for name in found)
    assert {name for name, cell in found.items() if cell.config.population == 10} == {
        name for name in found if name.endswith("-1")
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("hypothesis = 3", "unknown key hypothesis, did you mean 'hypotheses'"),
        ("seeds = [1, 1]", "expected each seed once"),
        ('[[where]]\nlevels = { kid = "loss" }', "expected an axis of"),
        ('[[where]]\nlevels = { kind = "lost" }', "expected a level of kind"),
        ("[axes.seed.one]", "seeds are listed as"),
        ('[axes.a."b/c"]', "expected names of letters"),
        ("[axes.nothing]", "expected one level or more"),
        ("offspring = [", "expected TOML"),
    ],
)
def test_what_is_wrong_with_a_study_is_named(tmp_path, line, message) -> None:
    top = TWO_BY_TWO.replace("seeds = [0, 1]\n", "") if "seeds" in line else TWO_BY_TWO
    text = top + line if line.startswith("[") else f"{line}\n{top}"
    with pytest.raises(UsageError, match=message.replace("[", r"\[")):
        read(tmp_path, text)


def test_a_wrong_setting_names_its_cell(tmp_path) -> None:
    wrong = TWO_BY_TWO.replace("trainings = 3", "trainigs = 3")
    with pytest.raises(UsageError, match="cell activation-climb-0: unknown key trainigs"):
        cells_of(read(tmp_path, wrong))


@pytest.mark.parametrize("name", studies())
def test_the_studies_that_come_with_evo_have_cells(name) -> None:
    assert cells_of(read_study(name))


def test_the_study_of_the_paper_has_36000_hypotheses() -> None:
    paper = cells_of(read_study("paper"))

    assert len(paper) == 18
    assert sum(cell.hypotheses for cell in paper) == 36_000
