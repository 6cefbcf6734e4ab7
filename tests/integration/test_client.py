"""The client against a server that errs; the count of requests is exact."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from fault_server import KEY, FaultServer

from archive.history.replies import Replies
from evo.core.errors import BudgetReachedError
from evo.core.messages import Exchange, Prompt, Request
from evo.llm.online import EndpointDeadError, OnlineClient
from evo.llm.providers.base import providers
from evo.llm.settings import LlmSettings

pytestmark = pytest.mark.enable_socket


def request(seed: int, *, model: str = "m", text: str = "write") -> Request:
    return Request(model, "test-model", Prompt("be", text), seed, None, 100)


def settings(url: str, **changed: Any) -> LlmSettings:
    model = {"model": "test-model", "name": "m", "base_url": url, "timeout_s": 5.0}
    model |= {"price_in": 1.0, "price_out": 10.0} | changed.pop("model", {})
    values = {"models": [model], "wait_s": 0.01, **changed}
    return LlmSettings.model_validate(values)


def ask(folder: Path, found: LlmSettings, requests: list[Request]) -> list[Exchange]:
    replies = Replies.open(folder, campaign="c")
    made = {m.label: providers.get(m.provider)(m, KEY) for m in found.models}
    try:
        with OnlineClient(found, made, replies) as client:
            return client.ask(requests)
    finally:
        replies.close()


@contextmanager
def asking(found: LlmSettings, replies: Replies, count: int) -> Iterator[threading.Thread]:
    """A thread that asks `count` requests; they are interrupted at the end."""
    made = {m.label: providers.get(m.provider)(m, KEY) for m in found.models}
    with OnlineClient(found, made, replies) as client:

        def run() -> None:
            with suppress(CancelledError):
                client.ask([request(seed) for seed in range(1, count + 1)])

        thread = threading.Thread(target=run)
        thread.start()
        yield thread
    thread.join()


@pytest.fixture
def server():
    with FaultServer().running() as server:
        yield server


FAULTS = {
    "status:429": 2,
    "status:429,0": 2,
    "status:429,0.05": 2,
    "status:500": 2,
    "status:503": 2,
    "status:408": 2,
    "half": 2,
    "garbage": 2,
    "choices": 2,
    "null": 2,
    "disconnect": 2,
    "filter": 1,
    "filter400": 1,
    "huge": 1,
    "model": 1,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_all_goes_on_and_every_request_is_counted(server, tmp_path, fault) -> None:
    server.faults = [fault]

    exchanges = ask(tmp_path, settings(server.url, concurrency=1), [request(1), request(2)])

    assert server.count == FAULTS[fault] + 1
    assert all(exchange.reply is not None for exchange in exchanges)
    assert [exchange.attempts for exchange in exchanges] == [FAULTS[fault], 1]
    assert Replies.read(tmp_path, campaign="c").total.requests == server.count


@pytest.mark.parametrize("fault", ["silent:30", "drip:0.05"])
def test_a_timeout_holds_however_the_server_delays(server, tmp_path, fault) -> None:
    server.faults = [fault]
    start = time.monotonic()

    (exchange,) = ask(tmp_path, settings(server.url, model={"timeout_s": 0.5}), [request(1)])

    assert exchange.attempts == 2
    assert exchange.reply is not None
    assert 0.5 <= time.monotonic() - start < 2.5


def test_a_withheld_an_oversized_and_anothers_reply_are_told_apart(server, tmp_path) -> None:
    server.faults = ["filter", "huge", "model"]

    exchanges = ask(tmp_path, settings(server.url, concurrency=1), [request(i) for i in range(3)])

    assert [e.reply and e.reply.finish for e in exchanges] == [
        "content_filter",
        "oversized",
        "stop",
    ]
    assert exchanges[2].reply is not None
    assert exchanges[2].reply.model == "another"


def test_retry_after_is_kept_by_all_who_wait(server, tmp_path) -> None:
    server.faults = ["status:429,0.6"]

    ask(tmp_path, settings(server.url, concurrency=1), [request(1), request(2)])

    assert server.count == 3
    assert server.times[1] - server.times[0] >= 0.6


def test_a_wait_that_is_too_long_is_not_waited_for(server, tmp_path) -> None:
    server.faults = ["status:429,3600"]
    start = time.monotonic()

    given_up, answered = ask(
        tmp_path, settings(server.url, concurrency=1), [request(1), request(2)]
    )

    assert time.monotonic() - start < 5
    assert given_up.reply is None
    assert "429" in given_up.error
    assert answered.reply is not None


def test_a_request_that_fails_every_time_is_given_up_and_kept_as_such(server, tmp_path) -> None:
    server.faults = ["status:500"] * 3
    found = settings(server.url, attempts=3, concurrency=1)

    first, second = ask(tmp_path, found, [request(1), request(2)])
    again = ask(tmp_path, found, [request(1), request(2)])

    assert (first.reply, first.attempts) == (None, 3)
    assert second.reply is not None
    assert again == [first, second]
    assert server.count == 4
    assert Replies.read(tmp_path, campaign="c").total.given_up == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_no_retry_can_mend_stops_at_once(server, tmp_path, status) -> None:
    server.always = f"status:{status}"

    with pytest.raises(EndpointDeadError, match=rf"'m' is unavailable: HTTP {status}"):
        ask(tmp_path, settings(server.url, concurrency=1), [request(i) for i in range(9)])

    assert server.count == 1
    assert Replies.read(tmp_path, campaign="c").total.requests == 1


def test_a_dead_endpoint_stops_the_campaign_and_its_requests_stay_open(server, tmp_path) -> None:
    server.always = "status:500"
    found = settings(server.url, attempts=2, patience=3, concurrency=2)

    with pytest.raises(EndpointDeadError, match="resume the campaign once it answers"):
        ask(tmp_path, found, [request(i) for i in range(20)])

    replies = Replies.read(tmp_path, campaign="c")
    assert replies.total.requests == server.count <= 8
    assert len(replies) == 0
    server.always = ""
    assert all(e.reply for e in ask(tmp_path, found, [request(i) for i in range(20)]))


def test_a_request_that_always_fails_is_told_from_a_dead_endpoint(server, tmp_path) -> None:
    server.fault_of = lambda body: "status:500" if body["seed"] == 2 else ""
    found = settings(server.url, attempts=2, patience=3, concurrency=1)

    answered, given_up = ask(tmp_path, found, [request(1), request(2)])

    assert answered.reply is not None
    assert given_up.error == "HTTP 500: no, Bearer [key]"
    assert server.bodies[-1]["messages"][1]["content"] == "Are you there?"
    replies = Replies.read(tmp_path, campaign="c")
    assert (len(replies), replies.total.requests, replies.total.given_up) == (2, 4, 1)
    assert replies.total.requests == server.count


def test_an_endpoint_that_dies_at_the_last_request_is_not_taken_for_a_bad_request(
    server, tmp_path
) -> None:
    server.faults, server.always = [""], "status:500"
    found = settings(server.url, attempts=2, patience=3, concurrency=1)

    with pytest.raises(EndpointDeadError, match="is unavailable"):
        ask(tmp_path, found, [request(1), request(2)])

    replies = Replies.read(tmp_path, campaign="c")
    assert (len(replies), replies.total.given_up) == (1, 0)
    assert replies.total.requests == server.count == 1 + 3 * 2
    server.always = ""
    assert all(exchange.reply for exchange in ask(tmp_path, found, [request(1), request(2)]))


def test_what_was_given_up_in_vain_counts_although_the_campaign_is_interrupted(
    server, tmp_path
) -> None:
    server.faults = ["status:500", "silent:30"]
    replies = Replies.open(tmp_path, campaign="c")
    with asking(settings(server.url, attempts=1, concurrency=1), replies, 2):
        while server.count < 2:
            time.sleep(0.01)

    assert (len(replies), replies.total.requests, replies.total.given_up) == (0, 2, 0)


def test_what_failed_at_a_living_endpoint_stays_open_too_when_another_is_dead(
    server, tmp_path
) -> None:
    server.always = "status:500"
    models = [{"model": name, "base_url": server.url} for name in ("m", "n")]
    found = LlmSettings.model_validate(
        {"models": models, "attempts": 1, "patience": 2, "concurrency": 1}
    )

    with pytest.raises(EndpointDeadError, match="'m' is unavailable"):
        ask(tmp_path, found, [request(1, model="n"), request(2), request(3)])

    replies = Replies.read(tmp_path, campaign="c")
    assert (len(replies), replies.total.requests) == (0, 3)


def test_a_dead_endpoint_is_left_alone_where_others_may_go_on(server, tmp_path) -> None:
    server.always = "status:500"
    found = settings(server.url, attempts=1, patience=3, concurrency=1, when_dead="tree")

    exchanges = ask(tmp_path, found, [request(i) for i in range(20)])

    assert server.count == 4  # three, and one probe
    assert all(exchange.reply is None for exchange in exchanges)
    assert ask(tmp_path, found, [request(i) for i in range(20)]) == exchanges
    assert server.count == 4


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
    deadline = time.monotonic() if "hours" in budget else None
    with (
        OnlineClient(found, made, replies, deadline=deadline) as client,
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


def test_the_same_request_is_never_sent_twice(server, tmp_path) -> None:
    found = settings(server.url)

    first = ask(tmp_path, found, [request(1), request(2)])
    second = ask(tmp_path, found, [request(2), request(1)])

    assert server.count == 2
    assert second == first[::-1]


def test_the_request_carries_what_was_configured(server, tmp_path) -> None:
    model = {"extra": {"top_p": 0.5}, "temperature": 0.7}
    asked = Request("m", "test-model", Prompt("be", "write"), 7, 0.7, 100, grammar="root ::= x")

    ask(tmp_path, settings(server.url, model=model), [asked])

    (body,) = server.bodies
    assert {key: body[key] for key in ("model", "seed", "temperature", "max_tokens")} == {
        "model": "test-model",
        "seed": 7,
        "temperature": 0.7,
        "max_tokens": 100,
    }
    assert (body["top_p"], body["grammar"]) == (0.5, "root ::= x")
    assert [message["content"] for message in body["messages"]] == ["be", "write"]
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("fault", ["echo", "status:400", "status:401"])
def test_a_key_that_the_server_sends_back_is_not_kept(server, tmp_path, fault) -> None:
    server.faults = [fault]
    message = ""
    try:
        exchanges = ask(tmp_path, settings(server.url, concurrency=1), [request(1), request(2)])
    except EndpointDeadError as error:
        message = str(error)
    else:
        assert KEY not in repr(exchanges)

    assert KEY not in message
    assert KEY not in repr(list(Replies.read(tmp_path, campaign="c")))


def test_nobody_there_is_a_dead_endpoint(tmp_path) -> None:
    found = settings("http://127.0.0.1:9/v1", attempts=2, patience=1)

    with pytest.raises(EndpointDeadError, match="is unavailable"):
        ask(tmp_path, found, [request(1)])
