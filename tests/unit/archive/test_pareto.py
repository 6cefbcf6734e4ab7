import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from archive.pareto import front, front_shares, hypervolume, knee, may_be_on_front, volumes

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


@given(_points, st.floats(0.01, 100), st.floats(-10, 10))
def test_knee_and_front_do_not_depend_on_scale_or_origin(points, scale, shift):
    scales = scale ** np.arange(1, points.shape[1] + 1)
    moved = points * scales + shift

    assert front(moved).tolist() == front(points).tolist()
    assert knee(moved) == knee(points)


@given(_points)
def test_the_knee_is_on_the_front(points):
    assert knee(points) in front(points) if len(points) else knee(points) is None


@given(_points, st.integers(1, 4))
def test_volumes_never_fall_and_end_at_the_volume_of_all(points, parts):
    reference = [-1.0] * points.shape[1]

    found = volumes(np.array_split(points, parts), reference)

    assert found == sorted(found)
    assert found[-1] == pytest.approx(hypervolume(points, reference))


@given(_points, st.floats(0, 1))
def test_whoever_is_on_the_front_may_be_on_it_however_wide_the_bounds(points, width):
    possible = may_be_on_front(points - width, points + width)

    assert possible[front(points)].all()


@given(_points)
def test_with_bounds_of_no_width_only_the_front_and_its_equals_may_be_on_it(points):
    possible = may_be_on_front(points, points)
    members = {tuple(point) for point in points[front(points)]}

    assert possible.tolist() == [tuple(point) in members for point in points]


@given(_points, st.integers(1, 5))
def test_shares_are_1_on_a_front_that_never_changes_and_0_off_it(points, count):
    shares = front_shares([points] * count)

    assert set(shares.tolist()) <= {0.0, 1.0}
    assert (shares[front(points)] == 1).all()


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_shares_lie_in_0_to_1_and_every_draw_has_a_front(size, seed):
    draws = np.random.default_rng(seed).random((20, size, 2))

    shares = front_shares(list(draws))

    assert ((shares >= 0) & (shares <= 1)).all()
    assert shares.sum() >= 1 - 1e-9
