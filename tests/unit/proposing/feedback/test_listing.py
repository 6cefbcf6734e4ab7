"""The list of everything that was tried."""

from collections.abc import Sequence

from support.records import evaluated, record, trials

from evo.core.estimate import Estimate
from evo.core.records import Generation, Record, Status
from evo.core.stages import Stage, TrainingEnd
from evo.proposing.feedback.results import Results
from operators.listing import Listing, cost, shortened


def tried(
    name: str, formula: str, margin: float, *, generation: int = 1, rung: int = 1, **known
) -> Record:
    source = f"import torch\n\ndef activation(x):\n    return {formula}\n"
    return evaluated(
        name,
        margin=Estimate(margin, margin - 0.05, margin + 0.05),
        rung=rung,
        trials=trials([0.5, 0.6], rung=rung),
        source=source,
        generation=generation,
        **known,
    )


def listed(records: Sequence[Record], *, generation: int = 9, most: int = 4500) -> Listing:
    results = Results()
    for number in sorted({one.generation for one in records}):
        members = [one for one in records if one.generation == number]
        results.take(Generation(number, members, []))
    return results.proposals.listing(
        generation,
        last_rung=1,
        most=most,
        readable=lambda one: one,
        name=lambda id_: id_[:6],
        margins=lambda id_, _: [(f"mlp of {id_}", 0.02), ("cnn", -0.05)],
    )


def test_what_trained_is_listed_by_margin_and_what_stopped_early_comes_last() -> None:
    found = listed(
        [
            tried("low", "torch.tanh(x)", -0.2),
            tried("early", "torch.sin(x)", 0.3, rung=0),
            tried("raced", "torch.cos(x)", 0.2, end=TrainingEnd.OUTRACED),
            tried(
                *("best", "x * torch.sigmoid(1.70001 * x)", 0.1),
                generation=9,
                end=TrainingEnd.REMEASURED,
            ),
            tried("relu", "torch.relu(x)", 0.9, generation=0, operator="baseline"),
        ]
    )

    assert [line.name for line in found.trained] == ["best", "low", "raced", "early"]
    assert [line.is_whole for line in found.trained] == [True, True, False, False]
    assert [line.is_new for line in found.trained] == [True, False, False, False]
    assert [line.is_remeasured for line in found.trained] == [True, False, False, False]
    assert found.trained[0].formula == "x*sigmoid(1.7*x)"
    assert found.counts == {"evaluated": 4}
    assert found.trained[1].networks[0] == ("mlp of low", 0.02)


def test_duplicates_refusals_and_failures_are_listed_with_their_reasons() -> None:
    found = listed(
        [
            tried("a", "x", 0.1),
            record("d", Status.DUPLICATE, stage=Stage.NOVELTY, reason="computes the same as relu"),
            record("e", Status.DUPLICATE, stage=Stage.NOVELTY, reason="computes the same as relu"),
            record("i", Status.INVALID, stage=Stage.POLICY, reason="no os"),
            record("s", Status.SCREENED_OUT),
            record("f", Status.FAILED, stage=Stage.EVALUATE, reason="out of memory"),
            *(
                record(f"n{n}", Status.INVALID, reason="nothing came", stage=Stage.ASK)
                for n in "ab"
            ),
        ]
    )

    fallen = [(line.fate, line.reason) for line in found.fallen]
    assert fallen == [
        ("failed", "out of memory"),
        ("invalid", "no os"),
        ("duplicate", "computes the same as relu"),
    ]
    assert found.counts["screened_out"] == 1


def test_a_later_generation_is_not_listed() -> None:
    records = [tried("a", "x", 0.1), tried("b", "2 * x", 0.2, generation=2)]

    assert [line.name for line in listed(records, generation=1).trained] == ["a"]


def test_of_many_the_lowest_of_one_form_share_a_line_and_the_best_keep_theirs() -> None:
    records = [tried(f"{n:06}", f"{n}.5 * torch.sin(x)", 0.5 - n / 100) for n in range(40)]

    found = listed(records, most=600)

    assert [line.name for line in found.trained[:8]] == [f"{n:06}" for n in range(8)]
    assert found.trained[0].alike == 40 - len(found.trained) > 20
    assert not any(line.alike for line in found.trained[1:])
    assert found.trained[0].lowest == 0.5 - 0.39
    assert found.trained[0].step == "0.5 → 39.5"


def test_candidates_of_one_form_that_trained_for_longer_share_no_line_with_others() -> None:
    records = [
        tried(f"{n:06}", f"{n}.5 * torch.sin(x)", 0.5 - n / 100, rung=int(n < 20))
        for n in range(40)
    ]

    found = listed(records, most=600)

    (whole, cut) = [line for line in found.trained if line.alike]
    assert (whole.is_whole, whole.lowest) == (True, 0.5 - 0.19)
    assert (cut.is_whole, cut.lowest) == (False, 0.5 - 0.39)
    assert sum(line.alike + 1 for line in found.trained) == 40


def test_a_long_history_has_the_best_the_lowest_and_some_between() -> None:
    terms = [f"{'torch.sin(' * (n % 30 + 1)}x{')' * (n % 30 + 1)} + x ** {n}.5" for n in range(300)]
    records = [tried(f"{n:06}", term, -n / 100) for n, term in enumerate(terms)]

    found = listed([*records, tried("z", "x", -9)], most=4500)
    short = shortened(found, 1500)

    names = [line.name for line in short.trained]
    assert names[0] == "000000"
    assert names[-1] == "z"
    assert names == sorted(names)
    assert sum(map(cost, short.trained)) <= 1500
    assert len(short.trained) < found.forms


def test_a_long_formula_is_told_by_its_change_from_a_listed_parent() -> None:
    formula = " + ".join(f"torch.sin({n} * x) * torch.tanh({n}.5 * x)" for n in range(9))
    records = [
        tried("parent", formula, 0.2),
        tried("child", formula.replace("4.5", "0.25"), 0.1, parents=["parent"]),
        tried("orphan", formula.replace("5.5", "0.75"), 0.0, parents=["unknown"]),
    ]

    parent, child, orphan = listed(records).trained

    assert child.formula == "parent with 4.5 → 0.25"
    assert "…" in parent.formula
    assert "…" in orphan.formula
    assert max(len(line.formula) for line in (parent, orphan)) <= 120
