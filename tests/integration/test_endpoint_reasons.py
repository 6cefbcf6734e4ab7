"""Why an endpoint cannot be used, in its own words and with a remedy."""

import json
import re

import pytest
from asking import ask, reason
from fault_server import KEY

pytestmark = pytest.mark.enable_socket


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


def test_no_secret_reaches_a_reason(server, tmp_path) -> None:
    server.answer_of = lambda _: (400, json.dumps({"detail": [f"not {KEY}"]}).encode())

    assert reason(tmp_path, server.url, key=KEY, key_env="K") == "HTTP 400: not [key]."
