import numpy as np
import pytest
from selection_pools import ids, measured

from evo.core.worth import leaders_by_worth, shrunken_margins
from evo.selection.individual import Individual, by_worth


def worths(*margins_and_errors: tuple[float, float]) -> dict[float, float]:
    """Worth by margin, of a pool at one rung."""
    records = [measured(str(margin), margin, error) for margin, error in margins_and_errors]
    found = shrunken_margins(records)
    return {margin: found[place] for place, (margin, _) in enumerate(margins_and_errors)}


def test_at_equal_noise_all_move_to_the_median_and_keep_their_order() -> None:
    found = worths(*((margin, 0.2) for margin in (-1.0, -0.4, 0.0, 0.1, 0.5)))

    assert sorted(found, key=found.__getitem__) == [-1.0, -0.4, 0.0, 0.1, 0.5]
    assert found[0.0] == pytest.approx(0.0)
    assert 0.0 < found[0.5] < 0.5
    assert -1.0 < found[-1.0] < 0.0


def test_the_noisier_of_two_lucky_ones_is_pulled_back_further() -> None:
    found = worths((0.0, 0.1), (-0.2, 0.1), (0.2, 0.1), (0.6, 0.1), (0.7, 0.6))

    assert found[0.7] < found[0.6] < 0.6


def test_without_noise_margins_are_the_worth() -> None:
    exact = worths(*((margin, 0.0) for margin in (0.0, 0.1, 0.2, 0.9)))

    assert all(worth == pytest.approx(margin) for margin, worth in exact.items())


def test_among_equals_nothing_is_shrunk_to_no_number() -> None:
    same = shrunken_margins([measured(str(n), 0.25, 0.0) for n in range(5)])

    assert same == pytest.approx([0.25] * 5)


def test_where_few_reached_a_rung_their_margins_stay() -> None:
    found = worths((0.0, 0.3), (0.1, 0.3), (0.9, 0.3))

    assert all(worth == margin for margin, worth in found.items())


def test_a_rung_has_a_middle_of_its_own() -> None:
    short = [measured(f"s{n}", 2.0 + n / 10, 0.1) for n in range(5)]
    full = [measured(f"f{n}", n / 10, 0.1, rung=1) for n in range(5)]

    assert shrunken_margins([*short, *full])[5:] == pytest.approx(shrunken_margins(full))
    assert ids(by_worth([Individual.of(record) for record in [*short, *full]])) == [
        *("f4", "f3", "f2", "f1", "f0"),
        *("s4", "s3", "s2", "s1", "s0"),
    ]


def test_leaders_are_of_the_highest_rung_and_the_luckiest_is_not_first() -> None:
    short = [measured(f"s{n}", 5.0 + n, 0.1) for n in range(5)]
    lucky = measured("lucky", 0.7, 0.6, rung=1)
    full = [measured(f"f{n}", n / 5, 0.1, rung=1) for n in range(4)]

    leaders = leaders_by_worth([*short, lucky, *full])

    assert leaders[0].id == full[-1].id
    assert {record.id for record in leaders} == {record.id for record in [lucky, *full]}
    assert leaders_by_worth([]) == []


def test_the_best_by_worth_was_less_lucky_than_its_margin_says() -> None:
    rng = np.random.default_rng(0)
    excess = []
    for _ in range(200):
        truth = rng.normal(0.0, 0.2, 20)
        seen = truth + rng.normal(0.0, 0.2, 20)
        worth = shrunken_margins([measured(str(n), margin, 0.2) for n, margin in enumerate(seen)])
        best = int(worth.argmax())
        excess.append((seen[best] - truth[best], worth[best] - truth[best]))

    by_margin, by_worths = np.mean(excess, axis=0)
    assert by_margin > 0.2
    assert abs(by_worths) < 0.06
