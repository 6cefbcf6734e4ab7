"""Reasoning models and structured replies: what is asked for, refused, cut off and asked again."""

import json
from pathlib import Path
from typing import Any

import pytest
from client_calls import ask, request, settings
from fault_server import GOOD, FaultServer, completion

from evo.components.activation import Activation
from evo.core.errors import UsageError
from evo.core.messages import Reply
from evo.llm.providers.base import providers
from evo.llm.providers.dialect import Dialect
from evo.llm.providers.thinking import budget_fields, other_effort
from evo.llm.settings import ModelSettings
from operators.llm.reading import read_reply

pytestmark = pytest.mark.enable_socket
Body = dict[str, Any]


def cut(thoughts: str = "hmm") -> bytes:
    """A completion that ends within its thoughts."""
    choice = {"message": {"content": "", "reasoning_content": thoughts}, "finish_reason": "length"}
    return json.dumps({**completion(), "choices": [choice]}).encode()


def needs(tokens: int):
    """A model that thinks until it has that much room."""
    return lambda body: (200, cut()) if body["max_tokens"] < tokens else None


def test_a_reply_that_is_cut_off_in_thoughts_is_asked_again_with_more_room(
    server: FaultServer, tmp_path: Path
) -> None:
    server.answer_of = needs(300)
    exchanges = ask(tmp_path, settings(server.url, concurrency=1), [request(1), request(2)])

    assert [exchange.reply and exchange.reply.text for exchange in exchanges] == [GOOD, GOOD]
    assert [exchange.attempts for exchange in exchanges] == [2, 1], "the second begins with room"
    assert [body["max_tokens"] for body in server.bodies] == [100, 8192, 8192]
    first, second = (exchange.reply for exchange in exchanges)
    assert first and second
    assert (first.completion_tokens, second.completion_tokens) == (40, 20)
    assert exchanges[0].cost_usd == pytest.approx(2 * exchanges[1].cost_usd)
    assert exchanges[0].request == request(1)


def test_open_thoughts_in_the_text_count_as_thoughts(server: FaultServer, tmp_path: Path) -> None:
    thinking = {"message": {"content": "<think>first"}, "finish_reason": "length"}
    body = json.dumps({**completion(), "choices": [thinking]}).encode()
    server.answer_of = lambda sent: (200, body) if sent["max_tokens"] < 300 else None

    (exchange,) = ask(tmp_path, settings(server.url), [request(1)])

    assert exchange.reply
    assert exchange.reply.text == GOOD


@pytest.mark.parametrize(
    "changed",
    [
        {"model": {"max_tokens": 100, "retry_tokens": 0}},
        {"budget": {"tokens": 500}},
        {"budget": {"requests": 1}},
    ],
    ids=["switched off", "tokens", "requests"],
)
def test_no_more_room_than_is_allowed_or_within_budget(
    server: FaultServer, tmp_path: Path, changed: Body
) -> None:
    server.answer_of = needs(10**6)
    (exchange,) = ask(tmp_path, settings(server.url, **changed), [request(1)])

    assert server.count == 1
    assert exchange.reply
    assert exchange.reply.finish == "length"


def test_a_model_that_always_thinks_on_is_asked_twice(server: FaultServer, tmp_path: Path) -> None:
    server.answer_of = needs(10**6)

    (exchange,) = ask(tmp_path, settings(server.url), [request(1)])

    assert (server.count, exchange.attempts) == (2, 2)


def test_a_second_try_that_fails_leaves_the_first_reply(
    server: FaultServer, tmp_path: Path
) -> None:
    server.answer_of = lambda body: (
        (200, cut()) if body["max_tokens"] < 300 else (400, b'{"error": "max_tokens is too large"}')
    )

    (exchange,) = ask(tmp_path, settings(server.url), [request(1)])

    assert exchange.reply
    assert exchange.reply.finish == "length"


def test_effort_and_a_schema_are_asked_for_and_the_reply_is_read(
    server: FaultServer, tmp_path: Path
) -> None:
    code = "import torch\n\ndef activation(x):\n    return torch.tanh(x)"
    server.text_of = lambda body: json.dumps({"rationale": "Smooth.", "code": code})
    found = settings(server.url, model={"structured": True, "effort": "low"})

    (exchange,) = ask(tmp_path, found, [request(1)])

    (body,) = server.bodies
    assert body["reasoning_effort"] == "low"
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["rationale", "code"]
    assert "`code`" in body["messages"][-1]["content"]
    assert exchange.reply
    draft = read_reply(exchange.reply, Activation.contract)
    assert (draft.rationale, "tanh" in draft.source) == ("Smooth.", True)


REFUSALS = {
    "schema": (
        {"structured": True},
        "response_format",
        "'response_format' of type 'json_schema' is not supported",
    ),
    "effort": (
        {"effort": "low"},
        "reasoning_effort",
        "Unrecognized request argument: reasoning_effort",
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
def test_what_an_endpoint_lacks_is_left_out_without_losing_the_reply(
    server: FaultServer, tmp_path: Path, refusal: tuple[Body, str, str]
) -> None:
    wanted, field, said = refusal
    server.answer_of = lambda body: (
        (400, json.dumps({"error": {"message": said}}).encode()) if field in body else None
    )

    exchanges = ask(
        tmp_path, settings(server.url, model=wanted, concurrency=1), [request(1), request(2)]
    )

    assert all(exchange.reply and exchange.reply.text == GOOD for exchange in exchanges)
    assert [field in body for body in server.bodies] == [True, False, False]
    assert "`code`" not in server.bodies[-1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("effort", "said", "expected"),
    [
        (
            "minimal",
            "'minimal' is not supported. supported values are: 'none', 'low', and 'high'.",
            "none",
        ),
        ("max", 'level "max" not supported, valid levels: low, medium, high, xhigh', "xhigh"),
        ("low", "unknown field reasoning_effort", ""),
        ("low", "temperature must be low", None),
        ("high", "the context is too long", None),
    ],
)
def test_the_nearest_effort_that_an_endpoint_has_is_asked_for(
    effort: str, said: str, expected: str | None
) -> None:
    assert other_effort(effort, said, "") == expected


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("openrouter.ai", ("reasoning", "max_tokens")),
        ("api.anthropic.com", ("thinking", "budget_tokens")),
        (
            "generativelanguage.googleapis.com",
            ("extra_body", "google", "thinking_config", "thinking_budget"),
        ),
        ("dashscope.aliyuncs.com", ("thinking_budget",)),
    ],
)
def test_a_budget_of_thoughts_is_named_as_the_endpoint_names_it(
    host: str, path: tuple[str, ...]
) -> None:
    found = ModelSettings(model="m", base_url=f"https://{host}/v1", thinking_tokens=1000)
    dialect = Dialect.of(found, base_url=found.base_url)
    value: Any = dialect.fields(request(1), {}, budget_fields(found))
    for key in path:
        value = value[key]

    assert value == 1000
    assert not dialect.after("`thinking` is not supported", "", request(1)).budget


def test_a_budget_of_thoughts_that_no_field_is_known_for_is_refused_with_the_remedy() -> None:
    found = ModelSettings(model="m", base_url="http://127.0.0.1:1/v1", thinking_tokens=1000)

    with pytest.raises(UsageError, match=r"extra = \{ thinking_budget"):
        providers.get("openai").check(found)
    with pytest.raises(ValueError, match="max_tokens above thinking_tokens"):
        ModelSettings(model="m", max_tokens=500, thinking_tokens=500)


def test_the_arguments_of_a_called_tool_are_the_reply(server: FaultServer, tmp_path: Path) -> None:
    code = "import torch\n\ndef activation(x):\n    return torch.tanh(x)"
    called = {"function": {"name": "write", "arguments": json.dumps({"code": code})}}
    message = {"content": None, "tool_calls": [{"id": "1", "type": "function", **called}]}
    choice = {"message": message, "finish_reason": "tool_calls"}
    server.answer_of = lambda body: (
        200,
        json.dumps({**completion(), "choices": [choice]}).encode(),
    )

    (exchange,) = ask(tmp_path, settings(server.url), [request(1)])

    assert isinstance(exchange.reply, Reply)
    assert "tanh" in read_reply(exchange.reply, Activation.contract).source
