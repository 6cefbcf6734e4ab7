"""An endpoint that no longer answers stops its campaign; a request that fails alone does not."""

import time

import pytest
from client_calls import ask, asking, request, settings

from archive.history.replies import Replies
from evo.llm.endpoint import EndpointDeadError
from evo.llm.settings import LlmSettings

pytestmark = pytest.mark.enable_socket


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


def test_nobody_there_is_a_dead_endpoint(tmp_path) -> None:
    found = settings("http://127.0.0.1:9/v1", attempts=2, patience=1)

    with pytest.raises(EndpointDeadError, match="is unavailable"):
        ask(tmp_path, found, [request(1)])
