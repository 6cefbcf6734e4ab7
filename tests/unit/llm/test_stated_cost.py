"""The cost that a program's output states."""

import pytest

from evo.llm.providers.command import stated_cost


@pytest.mark.parametrize(
    ("output", "cost"),
    [
        ('{"total_cost_usd": 0.5, "result": "x"}', 0.5),
        ('starting\n{"type": "turn", "total_cost_usd": 0.1}\n{"total_cost_usd": 0.2}\n', 0.2),
        ('{"total_cost_usd": 0}', 0.0),
        ('{"total_cost_usd": -1}', None),
        ('{"total_cost_usd": NaN}', None),
        ('{"total_cost_usd": 1e300}', None),
        ('{"total_cost_usd": true}', None),
        ('{"total_cost_usd": "0.5"}', None),
        ('{"usage": {"total_cost_usd": 0.5}}', None),
        ("[" * 100_000, None),
        ("no JSON at all", None),
    ],
)
def test_only_a_number_of_dollars_that_can_be_is_believed(output: str, cost: float | None) -> None:
    assert stated_cost(output, "total_cost_usd") == cost
