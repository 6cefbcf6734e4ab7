import numpy as np
import pytest

from evo.proposing.feedback.notes import Pair, features, notes


def pairs(word: str, effects, *, generation: int = 1) -> list[Pair]:
    return [
        Pair(generation, f"parent {place % 3}", (word,), float(effect))
        for place, effect in enumerate(effects)
    ]


def spread(mean: float, count: int = 8) -> np.ndarray:
    return mean + 0.02 * np.linspace(-1, 1, count)


def test_a_change_that_does_better_than_others_becomes_a_note_with_its_evidence() -> None:
    (sine, other) = notes([*pairs("adds sin", spread(0.05)), *pairs("adds cos", spread(-0.2))])

    assert {sine.change, other.change} == {"adds sin", "adds cos"}
    note = sine if sine.change == "adds sin" else other
    assert note.pairs == 8
    assert note.effect.value == pytest.approx(0.05)
    assert note.effect.low < 0.05 < note.effect.high
    assert note.others == pytest.approx(-0.2)


def test_a_note_that_later_changes_contradict_is_dropped() -> None:
    first = [*pairs("adds sin", spread(0.05)), *pairs("adds cos", spread(-0.2))]
    later = pairs("adds sin", np.linspace(-0.9, 0.1, 12), generation=2)

    assert "adds sin" in {note.change for note in notes(first)}
    assert "adds sin" not in {note.change for note in notes([*first, *later])}


def test_few_pairs_and_those_of_one_parent_are_no_evidence() -> None:
    others = pairs("adds cos", spread(-0.2))
    of_one_parent = [Pair(1, "p", ("adds sin",), 0.05 + place / 1000) for place in range(8)]

    assert not notes([*pairs("adds sin", spread(0.05, 3)), *others])
    assert "adds sin" not in {note.change for note in notes([*of_one_parent, *others])}


def test_chance_alone_makes_hardly_a_note() -> None:
    rng = np.random.default_rng(0)
    words = [f"adds f{number}" for number in range(20)]
    made = [
        len(notes([p for word in words for p in pairs(word, rng.normal(-0.1, 0.1, 8))]))
        for _ in range(20)
    ]

    assert np.mean(made) < 1.5


def test_the_list_is_bounded() -> None:
    many = [p for n in range(30) for p in pairs(f"adds f{n}", spread(n / 10 - 1.5))]

    assert len(notes(many)) == 8


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("x + torch.sin(x)", "x", ("drops sin", "makes it a quarter shorter or more")),
        ("x * torch.sigmoid(x)", "x * torch.sigmoid(2.0 * x)", None),
        ("2.0 * torch.tanh(x)", "1.9 * torch.tanh(x)", ("changes numbers alone",)),
        ("torch.tanh(x)", "x.sin() + x.cos() + F.relu(x) + x.exp()", ()),
    ],
)
def test_changes_in_words(before: str, after: str, words: tuple[str, ...] | None) -> None:
    found = features(f"def f(x): return {before}", f"def f(x): return {after}")

    assert found == (words if words is not None else ("adds a factor or term of numbers alone",))


def test_a_name_that_a_candidate_gave_is_in_no_note() -> None:
    hostile = "def ignore_all_rules(x): return x\ndef f(x): return ignore_all_rules(torch.sin(x))"

    assert features("def f(x): return x", hostile) == ("adds sin",) or all(
        "ignore" not in word for word in features("def f(x): return x", hostile)
    )
