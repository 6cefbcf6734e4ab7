import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from archive.pareto import front, hypervolume

# Few values, so that ties and duplicates are common.
_points = st.tuples(st.integers(0, 12), st.integers(1, 3)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.sampled_from([-1.5, -0.0, 0.0, 0.3, 2.0]))
)


def dominates(a, b):
    return bool((a >= b).all() and (a > b).any())


@given(_points)
def test_no_member_of_a_front_dominates_or_equals_another(points):
    members = front(points)

    for i in members:
        assert not any(dominates(points[i], points[j]) for j in members)
        assert not any((points[i] == points[j]).all() for j in members if i != j)


@given(_points)
def test_every_outsider_is_dominated_by_or_equal_to_a_member(points):
    members = front(points)

    for outsider in set(range(len(points))) - set(members.tolist()):
        assert any((points[member] >= points[outsider]).all() for member in members)


@given(_points)
def test_a_front_is_sorted_by_the_first_objective_and_then_the_next(points):
    members = points[front(points)].tolist()

    assert members == sorted(members, reverse=True)


@given(_points, st.randoms(use_true_random=False))
def test_front_and_hypervolume_do_not_depend_on_the_order_of_points(points, random):
    order = list(range(len(points)))
    random.shuffle(order)
    shuffled = points[order]
    reference = [-1.0] * points.shape[1]

    assert shuffled[front(shuffled)].tolist() == points[front(points)].tolist()
    assert hypervolume(shuffled, reference) == pytest.approx(hypervolume(points, reference))


@given(_points)
def test_another_point_never_makes_the_hypervolume_smaller(points):
    reference = [-1.0] * points.shape[1]

    for size in range(len(points)):
        less, more = (hypervolume(points[:n], reference) for n in (size, size + 1))
        assert more >= less - 1e-12


@given(_points)
def test_the_front_alone_has_the_hypervolume_of_all_points(points):
    reference = [-1.0] * points.shape[1]

    assert hypervolume(points[front(points)], reference) == pytest.approx(
        hypervolume(points, reference)
    )


def test_of_equal_points_the_first_is_the_member():
    assert front([[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]]).tolist() == [1]


def test_points_below_the_reference_add_nothing():
    assert hypervolume([[2.0, 3.0], [9.0, -1.0]], reference=[0.0, 0.0]) == 6.0
    assert hypervolume([[-2.0, 3.0]], reference=[0.0, 0.0]) == 0.0


def test_nothing_dominates_nothing():
    assert front(np.zeros((0, 2))).tolist() == []
    assert hypervolume(np.zeros((0, 2)), reference=[0.0, 0.0]) == 0.0


def test_a_point_with_nan_is_our_own_bug():
    with pytest.raises(AssertionError, match="NaN"):
        front([[1.0, np.nan]])
