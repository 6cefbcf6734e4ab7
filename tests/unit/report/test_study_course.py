"""How candidates change over a study: parts, measures, and the change from first to last."""

from collections.abc import Sequence
from math import erfc
from pathlib import Path

import numpy as np
import pytest
from support.records import evaluated, record

from archive.history.history import History
from archive.history.reader import Reader
from evo.campaign.config import Config
from evo.core.novelty import Novelty
from evo.core.records import BASELINE_OPERATOR, Record, Status
from evo.report.facts.course import course_facts
from evo.report.facts.paired import difference_facts


def at(name: str, place: float, generation: int, nearest: str, **known) -> Record:
    """An evaluated record whose behaviour is one number."""
    vector = np.full(2, place, np.float32)
    novelty = Novelty(None, 0.5, "", nearest)
    return evaluated(name, generation=generation, behaviour_vector=vector, novelty=novelty, **known)


def cell(folder: Path, *generations: list[Record]) -> Sequence[Record]:
    baselines = [
        at(name, place, 0, "", operator=BASELINE_OPERATOR)
        for name, place in (("zero", 0.0), ("ten", 10.0))
    ]
    config = Config(device="cpu", generations=len(generations)).model_dump(mode="json")
    with History.create(folder, config=config, environment={}) as history:
        history.seal(0, baselines, [])
        for number, records in enumerate(generations, start=1):
            history.seal(number, records, [])
    return list(Reader.read(folder).records)


def test_a_search_that_collapses_onto_what_is_known_shows_it(tmp_path) -> None:
    early = [at("a", 3.0, 1, "b"), at("b", 7.0, 1, "zero")]
    bad = [
        record("bad", Status.INVALID, generation=2),
        record("two", Status.DUPLICATE, generation=2),
    ]
    late = [at("c", 0.5, 2, "zero"), at("d", 1.5, 2, "ten")]
    facts = course_facts({"one": cell(tmp_path / "one", early, late + bad)})

    first, last = facts["parts"]
    assert (first["near_known"], last["near_known"]) == (0.5, 1.0)
    assert (first["baseline_distance"], last["baseline_distance"]) == (3.0, 1.0)
    assert (first["diversity"], last["diversity"]) == (4.0, 1.0)
    assert (first["valid_share"], last["valid_share"]) == (1.0, 0.75)
    assert (first["new_share"], last["new_share"]) == (1.0, pytest.approx(2 / 3))
    change = next(c for c in facts["changes"] if c["measure"] == "diversity")
    assert (change["cells"], change["mean"], change["ci"]) == (1, -3.0, None)


def test_generations_are_cut_into_five_parts_in_order(tmp_path) -> None:
    generations = [[at(f"r{number}", number, number, "zero")] for number in range(1, 11)]
    facts = course_facts({"one": cell(tmp_path / "one", *generations)})

    assert [(row["part"], row["of"], row["evaluated"]) for row in facts["parts"]] == [
        (part, 5, 2) for part in range(1, 6)
    ]
    assert facts["parts"][1]["baseline_distance"] == pytest.approx(3.5)


def test_the_change_is_paired_over_cells(tmp_path) -> None:
    cells = {
        str(n): cell(tmp_path / str(n), [at("a", 4.0, 1, "zero")], [at("b", 1.0 + n, 2, "zero")])
        for n in range(3)
    }
    facts = course_facts(cells)

    change = next(c for c in facts["changes"] if c["measure"] == "baseline_distance")
    assert (change["cells"], change["first"], change["last"]) == (3, 4.0, 2.0)
    assert change["ci"] == pytest.approx([-2 - 2.484, -2 + 2.484], abs=1e-3)


def test_signs_of_many_differences_are_drawn_and_agree_with_all_of_them() -> None:
    rng = np.random.default_rng(1)
    many, few = rng.normal(0.25, 1, 80), rng.normal(0.45, 1, 40)

    assert difference_facts(many)["p"] == difference_facts(many)["p"]
    for differences in (many, few):
        t = differences.mean() / differences.std(ddof=1) * np.sqrt(len(differences))
        # About normal for as many: two-sided tail by the complementary error function.
        assert difference_facts(differences)["p"] == pytest.approx(erfc(t / 2**0.5), abs=0.015)
