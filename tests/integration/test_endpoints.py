"""Endpoints as they are: what they refuse, how they say so, and what stands before them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from asking import ask, reason
from fault_server import GOOD

from archive.history.replies import Replies
from evo.campaign.config import load
from evo.core.errors import UsageError
from evo.core.messages import Prompt, Request
from evo.llm.online import OnlineClient
from evo.llm.providers.base import providers
from evo.llm.settings import LlmSettings

pytestmark = pytest.mark.enable_socket

Body = dict[str, Any]
LIMITS = ("max_tokens", "max_completion_tokens")


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


@pytest.mark.parametrize(
    "url", ["http://h:99200/v1", "http://h:x/v1", "http://[::1/v1", "http://a b"]
)
def test_an_impossible_address_is_an_error_of_the_configuration(url: str) -> None:
    with pytest.raises(UsageError, match=r"expected (an address|a port)"):
        load("default", [f'llm.models=[{{model="m", base_url="{url}"}}]'])


def test_thoughts_without_an_answer_are_told_apart(server, tmp_path) -> None:
    message = {"content": None, "reasoning_content": "hm " * 30}
    choice = {"message": message, "finish_reason": "stop"}
    server.answer_of = lambda _: (200, json.dumps({"choices": [choice]}).encode())

    (exchange,) = ask(tmp_path, server.url, count=1)

    assert exchange.reply is not None
    assert (exchange.reply.text, exchange.reply.finish) == ("", "thoughts")
    assert exchange.reply.completion_tokens == 30
    assert GOOD not in exchange.reply.text
