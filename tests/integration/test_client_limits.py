"""Concurrency, requests per minute and budgets of a client; the count of requests is exact."""

import time

import pytest
from client_calls import ask, asking, request, settings
from fault_server import KEY, FaultServer

from archive.history.replies import Replies
from evo.core.errors import BudgetReachedError
from evo.llm.online import OnlineClient
from evo.llm.providers.base import providers

pytestmark = pytest.mark.enable_socket


def test_no_more_than_so_many_are_asked_at_once(tmp_path) -> None:
    with FaultServer(latency_s=0.1).running() as server:
        ask(tmp_path, settings(server.url, concurrency=3), [request(i) for i in range(9)])

        assert server.most_at_once == 3
        assert server.count == 9


def test_no_more_begin_in_a_minute_than_allowed(server, tmp_path) -> None:
    replies = Replies.open(tmp_path, campaign="c")
    with asking(settings(server.url, requests_per_minute=2), replies, 3) as thread:
        while server.count < 2:
            time.sleep(0.01)

        thread.join(timeout=0.5)
        assert thread.is_alive()

    assert (server.count, replies.total.requests) == (2, 2)


@pytest.mark.parametrize(
    ("budget", "sent"),
    [
        ({"requests": 5}, 5),
        ({"tokens": 620}, 5),
        ({"dollars": 0.0025}, 5),
        ({"hours": 1e-9}, 0),
    ],
)
def test_a_budget_stops_before_it_is_passed(server, tmp_path, budget, sent) -> None:
    found = settings(server.url, budget=budget, concurrency=4)
    replies = Replies.open(tmp_path, campaign="c")
    made = {m.label: providers.get(m.provider)(m, KEY) for m in found.models}
    is_late = "hours" in budget
    with (
        OnlineClient(found, made, replies, is_late=lambda: is_late) as client,
        pytest.raises(BudgetReachedError, match="Budget reached"),
    ):
        client.ask([request(i) for i in range(12)])

    total = replies.total
    assert server.count == total.requests == sent
    assert len(replies) == sent
    assert total.prompt_tokens + total.completion_tokens <= budget.get("tokens", 10**9)
    assert total.cost_usd <= budget.get("dollars", 1e9)


def test_retries_count_against_the_budget(server, tmp_path) -> None:
    server.faults = ["status:500"] * 3
    found = settings(server.url, budget={"requests": 4}, concurrency=1)

    with pytest.raises(BudgetReachedError, match="4 of 4 requests"):
        ask(tmp_path, found, [request(i) for i in range(3)])

    assert server.count == 4
