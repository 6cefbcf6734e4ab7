"""Endpoints as they are: what they refuse, how they say so, and what stands before them."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from asking import ask, reason
from fault_server import GOOD, KEY, FaultServer

from archive.history.replies import Replies
from evo.config import load
from evo.core.errors import UsageError
from evo.core.messages import Prompt, Request
from evo.llm.online import OnlineClient
from evo.llm.providers.base import providers
from evo.llm.settings import LlmSettings

pytestmark = pytest.mark.enable_socket

Body = dict[str, Any]
LIMITS = ("max_tokens", "max_completion_tokens")


@pytest.fixture
def server():
    with FaultServer().running() as server:
        yield server


def has(*fields: str) -> Callable[[Body], bool]:
    return lambda body: any(field in body for field in fields)


def has_system(body: Body) -> bool:
    return any(message["role"] == "system" for message in body["messages"])


def wants_stream(body: Body) -> bool:
    return not body.get("stream")


def error(message: str, **fields: Any) -> Body:
    return {"error": {"message": message, **fields}}


ALTERNATE = "Conversation roles must alternate user/assistant/user/assistant/..."
LITELLM = "litellm.BadRequestError: OpenAIException - " + json.dumps(
    error("Unsupported value: 'messages[0].role' does not support 'system' with this model.")
)
LITELLM_TEMPERATURE = (
    "litellm.UnsupportedParamsError: the model doesn't support temperature=0.7, only 1. "
    "No fallback was attempted."
)
REFUSALS = {
    "limit, by its field": (has("max_tokens"), 400, error("no", param="max_tokens")),
    "limit, in words": (has("max_tokens"), 400, error("Use 'max_completion_tokens' instead.")),
    "limit, by FastAPI": (
        has("max_tokens"),
        422,
        {"detail": [{"loc": ["body", "max_tokens"], "msg": "Extra inputs are not permitted"}]},
    ),
    "limit, by any name": (has(*LIMITS), 400, {"error": "unknown field max_tokens"}),
    "seed": (has("seed"), 400, error("Unrecognized request argument supplied: seed")),
    "temperature": (
        has("temperature"),
        400,
        error("'temperature' does not support 0.7. Only the default (1) value is supported."),
    ),
    "seed and temperature": (has("seed", "temperature"), 400, {"message": "seed, temperature?"}),
    "system": (has_system, 400, error("no", param="system")),
    "system, by a template": (has_system, 500, error("System role not supported")),
    "system, by the order": (has_system, 400, {"object": "error", "message": ALTERNATE}),
    "system, by a list": (has_system, 400, [error("Developer instruction is not enabled")]),
    "system, by a proxy": (has_system, 400, error(LITELLM)),
    "temperature, by a proxy": (has("temperature"), 400, error(LITELLM_TEMPERATURE)),
    "whole replies": (wants_stream, 400, error("This model only supports streaming.")),
    "whole replies, by a field": (wants_stream, 400, error("set stream=true", param="stream")),
}
EVENTS = (
    b': ping\r\n\r\ndata: {"choices": [{"delta": {"role": "assistant", "content": "one "}}]}'
    b"\r\n\r\n"
    b'data: {"choices": [{"delta": {"content": "two"}, "finish_reason": "stop"}],'
    b' "usage": {"prompt_tokens": 3, "completion_tokens": 2}}\n\ndata: [DONE]\n\n'
)


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
def test_what_an_endpoint_refuses_is_learned_once_and_remembered(
    server, tmp_path, refusal: tuple[Callable[[Body], bool], int, Any]
) -> None:
    refuses, status, content = refusal

    def answer(body: Body) -> tuple[int, bytes] | None:
        if refuses(body):
            return status, json.dumps(content).encode()
        return (200, EVENTS) if body.get("stream") else None

    server.answer_of = answer

    exchanges = ask(tmp_path, server.url)
    refused = sum(map(refuses, server.bodies))
    ask(tmp_path, server.url, count=3)

    assert all(exchange.reply and exchange.attempts == 1 for exchange in exchanges)
    assert refused in (1, 2)
    assert sum(map(refuses, server.bodies)) == refused
    replies = Replies.read(tmp_path, campaign="c")
    assert replies.total.requests == server.count
    assert all(exchange.request.key in replies for exchange in exchanges)
    contents = [message["content"] for message in server.bodies[-1]["messages"]]
    assert "be" in contents[0]
    assert "write" in contents[-1]


def test_requests_that_are_refused_at_once_learn_together(server, tmp_path) -> None:
    server.latency_s = 0.1
    server.answer_of = lambda body: (400, b'{"error": "no seed"}') if "seed" in body else None
    settings = LlmSettings.model_validate(
        {"models": [{"model": "m", "base_url": server.url}], "attempts": 1}
    )
    clients = {"m": providers.get("openai")(settings.models[0], "")}
    replies = Replies.open(tmp_path, campaign="c")
    requests = [Request("m", "m", Prompt("be", "write"), i, None, 100) for i in range(4)]
    with OnlineClient(settings, clients, replies) as client:
        exchanges = client.ask(requests)
    replies.close()

    assert all(exchange.reply for exchange in exchanges)
    assert [exchange.attempts for exchange in exchanges] == [2] * 4
    assert server.count == 8


def test_a_value_that_is_refused_is_no_name(server, tmp_path) -> None:
    server.answer_of = lambda _: (400, b'{"error": "max_tokens is too large: at most 50"}')

    assert reason(tmp_path, server.url) == "HTTP 400: max_tokens is too large: at most 50."
    assert server.count == 1


def test_a_limit_of_ones_own_is_sent_alone(server, tmp_path) -> None:
    ask(tmp_path, server.url, extra={"max_completion_tokens": 77})

    assert [body.get("max_completion_tokens") for body in server.bodies] == [77] * 3
    assert not any("max_tokens" in body for body in server.bodies)


@pytest.mark.parametrize(
    ("events", "text"),
    [
        (EVENTS, "one two"),
        (EVENTS.replace(b": ping\r\n\r\n", b"event: message\nid: 1\n"), "one two"),
        (b'{"message": {"content": "a"}}\n{"message": {"content": "b"}, "done": true}\n', "ab"),
        (b'data:{"choices":[{"text":"a"}]}\n\ndata:{"choices":[{"text":"b"}]}\n\n', "ab"),
        (EVENTS.removesuffix(b"data: [DONE]\n\n") + b'data: {"cho', "one two"),
    ],
    ids=["events", "named events", "lines", "texts", "cut off"],
)
def test_a_stream_is_read_whoever_asked_for_it(server, tmp_path, events: bytes, text: str) -> None:
    server.answer_of = lambda _: (200, events)

    (exchange,) = ask(tmp_path, server.url, count=1)

    assert exchange.reply is not None
    assert exchange.reply.text == text


PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><p>nginx</body></html>"
REASONS = {
    "text": (400, b'{"error": "bad thing"}', "HTTP 400: bad thing"),
    "message": (400, b'{"message": "bad thing"}', "HTTP 400: bad thing"),
    "list": (400, b'{"errors": ["one", {"msg": "two"}]}', "HTTP 400: one; two"),
    "a list around": (400, b'[{"error": {"message": "bad"}}]', "HTTP 400: bad"),
    "detail": (400, b'{"detail": "not here"}', "HTTP 400: not here"),
    "fields": (422, b'{"detail": [{"loc": ["body", "n"], "msg": "x"}]}', "HTTP 422: body.n: x"),
    "nested": (400, b'{"error": {"message": "{\\"error\\": \\"deep\\"}"}}', "HTTP 400: deep"),
    "capital": (400, b'{"__type": "E", "Message": "big"}', "HTTP 400: big"),
    "fault": (500, b'{"fault": {"faultstring": "gate"}}', "HTTP 500: gate"),
    "page": (502, PAGE, "HTTP 502: a web page, 502 Bad Gateway"),
    "plain": (400, b"just\nwords", "HTTP 400: just words"),
    "Latin-1": (400, "schön".encode("latin-1"), "HTTP 400: schön"),
    "number": (400, b"42", "HTTP 400: 42"),
    "nothing": (400, b"", "HTTP 400: no reason given"),
    "well, but an error": (200, b'{"error": {"message": "no credit"}}', "no credit"),
    "an error in a stream": (200, b'data: {"error": {"message": "full"}}\n\n', "full"),
    "a page that is well": (200, b"<h1>LM Studio</h1>", "got a web page, LM Studio \\(base_url"),
    "no model": (404, b'{"error": "model m"}', r"HTTP 404: model m \(does the server have a model"),
    "no key": (401, b'{"message": "who?"}', r"who\? \(name the environment variable"),
    "no key, to a proxy": (
        400,
        b'{"error": {"message": "No connected db."}}',
        "holds the key in key_",
    ),
    "a key of a proxy": (
        401,
        b'{"error": {"message": "litellm.AuthenticationError: Incorrect API key provided"}}',
        r"\(the proxy's own key for this model is refused",
    ),
    "no server behind a proxy": (
        500,
        b'{"error": {"message": "litellm.InternalServerError: Connection error."}}',
        r"Connection error \(the proxy does not reach the server of this model",
    ),
    "a limit": (
        429,
        b'{"error": {"message": "Rate limit reached", "type": "throttling_error"}}',
        r"HTTP 429: Rate limit reached \(llm.requests_per_minute and llm.concurrency keep",
    ),
    "a quota": (
        429,
        b'{"error": {"message": "No quota is left."}}',
        r"^HTTP 429: No quota is left\.$",
    ),
    "a short context": (
        400,
        b'{"error": {"message": "request (3019 tokens) exceeds the available context size (512)"}}',
        r"\(the model's context is too short for a prompt",
    ),
    "a field of ours": (400, b'{"error": "Unknown: top_q"}', r"\(llm.models.extra sends top_q"),
}


@pytest.mark.parametrize(("status", "content", "expected"), REASONS.values(), ids=REASONS.keys())
def test_the_reason_of_a_server_is_shown_whatever_its_shape(
    server, tmp_path, status: int, content: bytes, expected: str
) -> None:
    server.answer_of = lambda _: (status, content)

    said = reason(tmp_path, server.url, extra={"top_q": 1})

    assert re.search(expected, said), said


def test_an_address_without_v1_and_one_where_nothing_listens_are_named(server, tmp_path) -> None:
    server.answer_of = lambda _: (404, b'{"detail": "Not Found"}')
    root = server.url.removesuffix("/v1")

    assert f"(most servers want base_url = '{root}/v1')" in reason(tmp_path, root)
    assert "nothing listens at http://127.0.0.1:9/v1" in reason(tmp_path, "http://127.0.0.1:9/v1")
    assert "http instead of https" in reason(tmp_path, server.url.replace("http", "https"))


@pytest.mark.parametrize("fault", ["half", "disconnect"])
def test_a_server_that_breaks_off_may_take_one_request_at_a_time(
    server, tmp_path, fault: str
) -> None:
    server.always = fault

    assert "take one request at a time (llm.concurrency = 1)" in reason(tmp_path, server.url)


FOREIGN = "https://models.invalid/v1"
ENVIRONMENTS = [
    ("ALL_PROXY", "socks5://127.0.0.1:1080", "ALL_PROXY names 'socks5://127.0.0.1:1080'"),
    ("SSL_CERT_FILE", "/no/such.pem", "SSL_CERT_FILE names /no/such.pem, which does not exist"),
    ("SSL_CERT_FILE", __file__, "which holds no certificates"),
    ("HTTPS_PROXY", "http://proxy.example:port", "HTTPS_PROXY names 'http://proxy.example:port'"),
    ("HTTPS_PROXY", "ftp://me:secret@proxy", "HTTPS_PROXY names 'proxy', which cannot be used"),
    ("HTTPS_PROXY", "http://127.0.0.1:9", "through the proxy http://127.0.0.1:9: set NO_PROXY"),
]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_that_stands_in_the_way_is_named(
    server, tmp_path, monkeypatch, environment: tuple[str, str, str]
) -> None:
    name, value, expected = environment
    monkeypatch.setenv(name, value)

    assert expected in reason(tmp_path, FOREIGN)
    assert all(exchange.reply for exchange in ask(tmp_path, server.url))  # loopback needs none


def test_a_key_that_is_no_ascii_is_named_and_not_shown(server, tmp_path) -> None:
    said = reason(tmp_path, server.url, key="schlüssel", key_env="EVO_KEY")

    assert "the key in EVO_KEY holds characters that no key has (character 5)" in said
    assert "schl" not in said


@pytest.mark.parametrize(
    "url", ["http://h:99200/v1", "http://h:x/v1", "http://[::1/v1", "http://a b"]
)
def test_an_impossible_address_is_an_error_of_the_configuration(url: str) -> None:
    with pytest.raises(UsageError, match=r"expected (an address|a port)"):
        load("default", [f'llm.models=[{{model="m", base_url="{url}"}}]'])


def test_no_secret_reaches_a_reason(server, tmp_path) -> None:
    server.answer_of = lambda _: (400, json.dumps({"detail": [f"not {KEY}"]}).encode())

    assert reason(tmp_path, server.url, key=KEY, key_env="K") == "HTTP 400: not [key]."


def test_thoughts_without_an_answer_are_told_apart(server, tmp_path) -> None:
    message = {"content": None, "reasoning_content": "hm " * 30}
    choice = {"message": message, "finish_reason": "stop"}
    server.answer_of = lambda _: (200, json.dumps({"choices": [choice]}).encode())

    (exchange,) = ask(tmp_path, server.url, count=1)

    assert exchange.reply is not None
    assert (exchange.reply.text, exchange.reply.finish) == ("", "thoughts")
    assert exchange.reply.completion_tokens == 30
    assert GOOD not in exchange.reply.text
