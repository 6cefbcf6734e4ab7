"""Student's interval against scipy's quantile."""

import math

import numpy as np
import pytest
from scipy import stats

from evo.evaluation.statistics.mean import critical_value, stratified_mean, student_mean, student_p


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 8, 29, 30, 171, 500, 2001])
def test_the_critical_value_is_students_quantile(freedom):
    assert critical_value(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-12)


def test_the_interval_of_a_mean_is_students():
    values = np.random.default_rng(3).normal(size=9)
    expected = stats.t.interval(0.95, 8, values.mean(), stats.sem(values))
    assert student_mean(values)[1:] == pytest.approx(expected)


def test_each_stratum_has_its_own_variance_and_tasks_weigh_equally():
    near, far, other = np.array([1.0, 3.0]), np.array([0.0, 10.0, 20.0]), np.array([4.0, 4.0])
    mean = stratified_mean([[near, far], [other]])
    assert mean.mean == (2 + 10) / 4 + 4 / 2
    assert mean.freedom == 4
    assert mean.error == pytest.approx(math.sqrt((2 / 2 + 100 / 3) / 16))
    low, high = mean.at(np.array([0.025, 0.975]))
    assert mean.estimate()[1:] == pytest.approx((low, high), rel=1e-12)


def test_the_p_value_is_that_of_students_test():
    values = np.random.default_rng(4).normal(0.4, size=7)
    assert student_p(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
    assert (student_p(np.zeros(3)), student_p(np.ones(3))) == (1.0, 0.0)
