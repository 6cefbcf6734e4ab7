"""Remedies for failures of an endpoint whose cause is known."""

import re
import urllib.request
from collections.abc import Iterator
from os import environ
from pathlib import Path
from urllib.parse import urlsplit

from evo.llm.providers.reasons import causes
from evo.llm.settings import ModelSettings

_LOOPBACK = re.compile(r"localhost|127(?:\.\d+){3}|::1|.*\.localhost")


def hint(model: ModelSettings, base_url: str, status: int, reason: str) -> str:
    """A remedy for a failure with a known cause; empty where none is known.

    Args:
        model: the model that was asked.
        base_url: of its endpoint.
        status: of the HTTP response; 0 where there was none.
        reason: what was said.
    """
    said = reason.lower()
    by_request = _of_request(model, base_url, status, said)
    by_way = _of_way(base_url, status, said)
    return (
        next(by_request, "") or next(by_way, "") or next(_of_address(model, base_url, status), "")
    )


def is_loopback(url: str) -> bool:
    """True if an address is on this machine, where no proxy can help."""
    return bool(_LOOPBACK.fullmatch((urlsplit(url).hostname or "").lower()))


def environment_problem(error: BaseException) -> str:
    """The fault of the environment that keeps an HTTP client from being made."""
    said = causes(error)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        path = environ.get(name, "")
        if path and not Path(path).exists():
            return f"{name} names {path}, which does not exist. Correct or unset it"
        if path and "SSL" in said:
            return f"{name} names {path}, which holds no certificates. Correct or unset it"
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        proxy = environ.get(name) or environ.get(name.lower()) or ""
        if proxy and re.search(r"socks|proxy|url|port", said, re.IGNORECASE):
            shown = proxy.rpartition("@")[2]
            return f"{name} names {shown!r}, which cannot be used ({said}). Correct or unset it"
    return f"no HTTP client can be made ({said})"


def _of_request(model: ModelSettings, base_url: str, status: int, said: str) -> Iterator[str]:
    """Remedies in the request itself."""
    if refused := [name for name in model.extra if re.search(rf"\b{re.escape(name)}\b", said)]:
        yield f"llm.models.extra sends {', '.join(refused)}: correct it or leave it out"
    if model.grammar and "grammar" in said:
        yield "this server takes no grammar: set grammar = false"
    if "litellm" in said and "connection error" in said:
        yield "the proxy does not reach the server of this model"
    if "litellm.authenticationerror" in said:
        yield "the proxy's own key for this model is refused: correct it where the proxy runs"
    # A LiteLLM proxy without a database looks an unknown key up in it.
    is_unknown_key = status == 401 or (status == 400 and "no connected db" in said)
    if is_unknown_key and not model.key_env:
        yield "name the environment variable that holds the key in key_env"
    if is_unknown_key:
        yield f"is the key in {model.key_env} the one for {base_url or 'OpenAI'}?"
    if re.search(r"context[ _](?:size|length|window)", said):
        yield "the model's context is too short for a prompt: give it a longer one on the server"
    if status == 429 and not re.search(r"quota|credit|billing|balance", said):
        yield "llm.requests_per_minute and llm.concurrency keep to a limit"


def _of_way(base_url: str, status: int, said: str) -> Iterator[str]:
    """Remedies on the way to the server."""
    if "certificate" in said:
        yield _of_certificate(said)
    if re.search(r"wrong[ _]version|record layer|ssl.{0,20}handshake|unknown protocol", said):
        yield "does the server speak http instead of https?"
    if "http request was sent to https" in said or "to an https" in said:
        yield "the server speaks https: write https:// in base_url"
    proxy = _proxy(base_url)
    if proxy and (status in (0, 403, 407) or status >= 500):
        yield f"requests go through the proxy {proxy}: set NO_PROXY to reach the server itself"
    if re.search(r"refused|all connection attempts failed", said):
        yield f"nothing listens at {base_url}: is the server running, and is the port right?"
    if re.search(r"peer closed|server disconnected|incomplete chunked", said):
        yield "did the server end, or does it take one request at a time (llm.concurrency = 1)?"
    if re.search(r"name or service|getaddrinfo|name resolution|nodename|no address", said):
        yield f"no machine is known as {urlsplit(base_url).hostname!r}: is base_url right?"
    if "a web page" in said and status < 500:
        yield "base_url should be the address of the API, which often ends in /v1"


def _of_certificate(said: str) -> str:
    """A remedy for a certificate that is refused."""
    if "expired" in said:
        return "renew the server's certificate, or set this machine's clock"
    if "not yet valid" in said:
        return "is this machine's clock right?"
    if "mismatch" in said or "doesn't match" in said:
        return "write the name that the certificate is for in base_url"
    return (
        "set SSL_CERT_FILE to a PEM file with the server's certificate, or that of the authority "
        "which signed it"
    )


def _of_address(model: ModelSettings, base_url: str, status: int) -> Iterator[str]:
    """Hint at the address that was probably meant."""
    path = urlsplit(base_url).path.strip("/")
    if status in (404, 405) and base_url and not path:
        yield f"most servers want base_url = {base_url.rstrip('/') + '/v1'!r}"
    if status == 404:
        yield f"does the server have a model {model.model!r}, and does base_url end as it should?"
    if status == 403:
        yield "may this key use this model?" if model.key_env else "does the server want a key_env?"


def _proxy(base_url: str) -> str:
    """The proxy that the environment puts before an address, without its password."""
    parts = urlsplit(base_url)
    if not base_url or is_loopback(base_url) or urllib.request.proxy_bypass(parts.hostname or ""):
        return ""
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme, proxies.get("all", "")).rpartition("@")[2]
