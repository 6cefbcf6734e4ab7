"""Hypotheses that children test against their parents."""

from dataclasses import replace

import pytest
from support.records import evaluated, record, trials

from evo.core.records import Generation, Record, Status
from evo.proposing.feedback.plan import Plan
from evo.proposing.feedback.results import Results
from evo.proposing.feedback.settings import FeedbackSettings

WORDS = "a dip below zero near -1 helps"


def trained(name: str, loss: float, *, generation: int = 0, **known) -> Record:
    losses = [loss, 1.01 * loss, 0.99 * loss]
    return evaluated(name, trials=trials(losses, rung=1), generation=generation, **known)


def follower(name: str, loss: float, generation: int, parent: str, words: str = WORDS) -> Record:
    made = trained(name, loss, generation=generation, parents=[parent], model="m")
    return replace(made, candidate=replace(made.candidate, hypothesis=words))


PARENTS = [trained("p0", 0.4), trained("p1", 0.5)]
GAINS = [1.1, 1.2, 1.1, 1.2, 1.1, 1.2]


def search(gains: list[float], *, per_generation: int = 2) -> Results:
    results = Results()
    results.take(Generation(0, PARENTS, []))
    for number in range(0, len(gains), per_generation):
        generation = number // per_generation + 1
        members = [
            follower(f"c{place}", parent / gain, generation, f"p{place % 2}")
            for place, gain in enumerate(gains[number : number + per_generation], start=number)
            for parent in [(0.4, 0.5)[place % 2]]
        ]
        results.take(Generation(generation, members, []))
    return results


def test_a_hypothesis_is_judged_by_six_comparisons_of_children_with_their_parents() -> None:
    results = search(GAINS)

    (note,) = results.tested(3)
    assert (note.change, note.pairs) == (WORDS, 6)
    assert note.effect.value == pytest.approx(0.139, abs=0.001)
    assert note.is_shown
    assert not results.hypotheses.under_test(3)
    # An earlier request knows four comparisons, and goes on with the test.
    assert results.tested(2) == []
    assert results.hypotheses.under_test(2) == WORDS


def test_effects_that_disagree_show_nothing() -> None:
    (note,) = search([1.2, 0.8, 1.3, 0.7, 1.1, 0.9]).tested(3)

    assert not note.is_shown


def test_one_parent_is_no_evidence_for_all() -> None:
    results = Results()
    results.take(Generation(0, PARENTS, []))
    results.take(Generation(1, [follower(f"c{n}", 0.3, 1, "p0") for n in range(8)], []))

    assert results.tested(1) == []
    assert results.hypotheses.under_test(1) == WORDS


def test_what_cannot_be_compared_is_given_up_and_the_next_is_tested() -> None:
    lost = record("d", Status.DUPLICATE, parents=["p0"], model="m")
    lost = replace(lost, candidate=replace(lost.candidate, hypothesis=WORDS))
    results = search([])
    results.take(Generation(1, [lost] * 12, []))
    results.take(Generation(2, [follower("n", 0.3, 2, "p0", "a slope above one helps")], []))

    assert results.hypotheses.under_test(1) == ""
    assert results.hypotheses.under_test(2) == "a slope above one helps"


def planned(results: Results, known: int, **settings) -> list[tuple[str, bool] | None]:
    values = {"ablations": 0, "plateau": 0, "hypotheses": 0.2, **settings}
    plan = Plan(results, FeedbackSettings.model_validate(values), ["incremental-llm"])
    found = [plan(index, known, 10) for index in range(10)]
    return [one and (one.tests, one.supposes) for one in found]


def test_a_share_of_each_generation_tests_and_one_request_words_the_next() -> None:
    results = search(GAINS)

    assert planned(results, 2) == [*[None] * 8, (WORDS, False), (WORDS, False)]
    assert planned(results, 3) == [*[None] * 8, ("", True), None]
    assert planned(results, 3, hypotheses=0) == [None] * 10
    assert planned(Results(), 0) == [None] * 10
