import pytest

from archive.history.replies import Replies
from evo.core.messages import Exchange, Prompt, Reply, Request
from evo.llm.endpoint import Endpoint
from evo.llm.providers.scripted import Scripted
from evo.llm.settings import ModelSettings


def request(seed: int) -> Request:
    return Request("m", "m", Prompt("be", "write"), seed, None, 100)


def given_up(seed: int) -> Exchange:
    return Exchange(request(seed), None, 2, error="no")


def answered(seed: int) -> Exchange:
    return Exchange(request(seed), Reply("yes", "stop", "m", 10, 5), 1)


@pytest.fixture
def replies(tmp_path):
    replies = Replies.open(tmp_path, campaign="c")
    yield replies
    replies.close()


@pytest.fixture
def endpoint(replies) -> Endpoint:
    model = ModelSettings(model="m")
    return Endpoint(model, Scripted(model, ""), replies, patience=3)


def test_a_reply_settles_what_was_given_up_before_its_request_was_sent(endpoint, replies) -> None:
    endpoint.failed(given_up(1), fatal=False)
    before = endpoint.doubtful
    endpoint.failed(given_up(2), fatal=False)

    endpoint.answered(answered(3), before=before)

    assert endpoint.doubtful == (given_up(2),)
    assert [exchange.request.seed for exchange in replies] == [1, 3]


def test_who_is_asked_again_counts_as_sent_and_not_as_given_up(endpoint, replies) -> None:
    endpoint.failed(given_up(1), fatal=False)

    endpoint.reopen()

    assert request(1).key not in replies
    assert (replies.total.requests, replies.total.given_up) == (2, 0)


def test_patience_ends_with_so_many_in_a_row_and_begins_anew_with_a_reply(endpoint) -> None:
    endpoint.failed(given_up(1), fatal=False)
    endpoint.failed(given_up(2), fatal=False)
    endpoint.answered(answered(3), before=endpoint.doubtful)
    endpoint.failed(given_up(4), fatal=False)
    endpoint.failed(given_up(5), fatal=False)
    assert not endpoint.is_dead

    endpoint.failed(given_up(6), fatal=False)

    assert endpoint.is_dead


def test_a_ping_is_paid_for_and_never_found_again(endpoint, replies) -> None:
    ping = Exchange(endpoint.ping, Reply("yes", "stop", "m", 10, 5), 1, cost_usd=0.5)

    endpoint.answered(ping, before=())

    assert endpoint.ping.key not in replies
    assert (replies.total.requests, replies.total.cost_usd) == (1, 0.5)
