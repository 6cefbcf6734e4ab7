"""The client against a server that errs; the count of requests is exact."""

import time

import pytest
from client_calls import ask, request, settings
from fault_server import KEY

from archive.history.replies import Replies
from evo.core.messages import Prompt, Request
from evo.llm.endpoint import EndpointDeadError

pytestmark = pytest.mark.enable_socket


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
