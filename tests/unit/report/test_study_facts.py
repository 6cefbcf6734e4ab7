"""What the axes of a study change: paired differences over cells that agree in all else."""

import pytest

from evo.report.facts.study import effects


def row(margin: float | None, **levels: str) -> dict[str, object]:
    best = None if margin is None else {"margin": margin}
    others = dict.fromkeys(("mean_margin", "valid_share", "new_share", "novelty", "diversity"))
    unknown = {**others, "full": 0, "b_wr_quartiles": None}
    return {"levels": levels, "state": "finished", "best": best, **unknown}


ROWS = [
    row(0.1, author="trees", strategy="new", seed="0"),
    row(0.3, author="model", strategy="new", seed="0"),
    row(0.2, author="trees", strategy="new", seed="1"),
    row(0.3, author="model", strategy="new", seed="1"),
    row(0.0, author="trees", strategy="old", seed="0"),
    row(0.3, author="model", strategy="old", seed="0"),
    row(0.9, author="trees", strategy="old", seed="1"),
    row(None, author="model", strategy="old", seed="1"),
]


def effect(axis: str) -> dict[str, object]:
    (found,) = (e for e in effects(ROWS) if e["axis"] == axis and e["measure"] == "best_margin")
    return found


def test_pairs_agree_in_all_other_levels() -> None:
    found = effect("author")

    assert found["levels"] == ["trees", "model"]
    assert found["pairs"] == 3
    assert found["mean"] == pytest.approx(0.2)


def test_intervals_are_of_student_and_p_is_by_signs() -> None:
    found = effect("author")

    # Differences 0.2, 0.1, 0.3: t(0.975, 2) = 4.303, standard error 0.0577.
    assert found["ci"] == pytest.approx([0.2 - 0.2484, 0.2 + 0.2484], abs=1e-3)
    assert found["d"] == pytest.approx(2.0)
    assert found["p"] == pytest.approx(2 * 0.25)  # two-sided, and one of two tests by this measure


def test_seeds_are_repeats_and_no_axis() -> None:
    assert {e["axis"] for e in effects(ROWS)} == {"author", "strategy"}


def test_a_cell_that_has_not_begun_counts_in_no_pair() -> None:
    rows = [*ROWS[:3], {"name": "x", "levels": ROWS[3]["levels"], "state": "not begun"}]
    (found,) = (e for e in effects(rows) if e["axis"] == "author" and e["measure"] == "best_margin")

    assert (found["pairs"], found["ci"]) == (1, None)
