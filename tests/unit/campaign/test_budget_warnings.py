import pytest

from evo.campaign.budget_warnings import BudgetWatch
from evo.core.messages import Spent
from evo.llm.settings import LlmBudget


class Meter:
    """What a campaign has used so far."""

    spent = Spent()
    hours = 0.0

    def watch(self, **budget: float) -> BudgetWatch:
        limits = LlmBudget.model_validate(budget)
        return BudgetWatch(limits, spent=lambda: self.spent, hours=lambda: self.hours)


@pytest.fixture
def meter() -> Meter:
    return Meter()


def test_half_and_four_fifths_of_a_budget_warn_once_each(meter) -> None:
    watch = meter.watch(requests=10)
    warnings = []
    for requests in range(11):
        meter.spent = Spent(requests=requests)
        warnings += [(requests, warning.budget, warning.share) for warning in watch(3)]

    assert warnings == [(5, "requests", 0.5), (8, "requests", 0.8)]


@pytest.mark.parametrize(
    "budget, words",
    [
        ({"tokens": 1000}, "80% of the budget are used up: 900 of 1,000 tokens."),
        ({"dollars": 2.0}, "80% of the budget are used up: $1.70 of $2.00."),
        ({"hours": 5.0}, "50% of the budget are used up: 3.0 of 5 hours."),
    ],
)
def test_a_process_that_resumes_warns_of_the_highest_share_in_figures(meter, budget, words) -> None:
    meter.spent = Spent(requests=7, prompt_tokens=600, completion_tokens=300, cost_usd=1.7)
    meter.hours = 3.0
    watch = meter.watch(**budget)

    assert [warning.message for warning in watch(1)] == [words]
    assert list(watch(1)) == []


def test_without_budgets_nothing_warns(meter) -> None:
    meter.spent, meter.hours = Spent(requests=10**6, cost_usd=1e6), 1e4

    assert list(meter.watch()(1)) == []
