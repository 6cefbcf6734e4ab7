"""One chat completion over HTTP: whole, in time, of bounded size, and with the key kept in.

A server's failure becomes a `ProviderError`; any text of a model, however odd, becomes a reply.
"""

import asyncio
import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, cast

import httpx2
import openai

from evo.core.messages import Reply, Request
from evo.llm.providers.base import ProviderError
from evo.llm.settings import ModelSettings

MOST_BYTES = 1_000_000
"""Longest response that is read: no component needs more."""

_EXCERPT = 300


class Chat:
    """A client of one model's endpoint.

    Args:
        model: the model's settings.
        base_url: the endpoint; empty for OpenAI's own.
        key: the secret, empty where none is needed.
    """

    def __init__(self, model: ModelSettings, *, base_url: str, key: str) -> None:
        self._model = model
        self._key = key
        self._limit = "max_tokens" if base_url else "max_completion_tokens"
        self._client = openai.AsyncOpenAI(
            base_url=base_url or None,
            api_key=key or "none",
            organization="",
            project="",
            timeout=model.timeout_s,
            max_retries=0,  # counting requests is the engine's
        )

    async def complete(self, request: Request) -> Reply:
        """The model's reply.

        Raises:
            ProviderError: there is none.
        """
        try:
            async with asyncio.timeout(self._model.timeout_s):
                body = await self._body(request)
        except TimeoutError:
            raise ProviderError(f"no reply within {self._model.timeout_s:g} s") from None
        except openai.APIStatusError as error:
            if _is_filtered(error):
                return Reply("", "content_filter", self._model.model, 0, 0)
            raise self._refused(error) from None
        except (openai.APIError, httpx2.HTTPError) as error:
            raise ProviderError(self._clean(f"{type(error).__name__}: {error}")) from None
        if body is None:
            return Reply("", "oversized", self._model.model, _tokens(request), request.max_tokens)
        return self._reply(body, request)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _body(self, request: Request) -> bytes | None:
        """The response's bytes; None where there are too many."""
        fields: dict[str, Any] = {**self._model.extra, self._limit: request.max_tokens}
        if request.temperature is not None:
            fields["temperature"] = request.temperature
        if self._model.send_seed:
            fields["seed"] = request.seed
        if request.grammar:
            fields["grammar"] = request.grammar
        messages: list[Any] = [
            {"role": "system", "content": request.prompt.system},
            {"role": "user", "content": request.prompt.user},
        ]
        streaming = self._client.chat.completions.with_streaming_response
        async with streaming.create(
            model=self._model.model, messages=messages, extra_body=fields
        ) as response:
            parts: list[bytes] = []
            size = 0
            async for part in response.iter_bytes():
                size += len(part)
                if size > MOST_BYTES:
                    return None
                parts.append(part)
        return b"".join(parts)

    def _reply(self, body: bytes, request: Request) -> Reply:
        try:
            content = json.loads(body)
            choice = content["choices"][0]
            message = choice["message"]
            text = message.get("content") or ""
            finish = str(choice.get("finish_reason") or "stop")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise ProviderError(
                "expected a chat completion with a choice, "
                f"got {self._clean(body[:_EXCERPT].decode(errors='replace'))!r}"
            ) from None
        usage: Any = content.get("usage") or {}
        if not isinstance(text, str):
            text = _joined(text)
        if not text and message.get("refusal"):
            finish = "content_filter"
        return Reply(
            self._redacted(text),
            finish,
            self._redacted(str(content.get("model") or self._model.model))[:200],
            _count(usage, "prompt_tokens", otherwise=_tokens(request)),
            _count(usage, "completion_tokens", otherwise=len(text) // 3),
        )

    def _refused(self, error: openai.APIStatusError) -> ProviderError:
        status = error.status_code
        message = error.message.removeprefix(f"Error code: {status} - ")
        reason = self._clean(f"HTTP {status}: {message}")
        if status in (401, 402, 403, 404, 405) or error.code == "insufficient_quota":
            return ProviderError(reason, fatal=True)
        if status in (408, 409, 429) or status >= 500:
            return ProviderError(reason, retry_after_s=_retry_after(error.response.headers))
        return ProviderError(reason, again=False)

    def _clean(self, text: str) -> str:
        """An excerpt of what a server said, for a message: one line, without the key."""
        return " ".join(self._redacted(text).split())[:_EXCERPT]

    def _redacted(self, text: str) -> str:
        # A server may send back what it was sent; half a surrogate pair is no text.
        text = text.encode("utf-8", "replace").decode()
        return text.replace(self._key, "[key]") if self._key else text


def _is_filtered(error: openai.APIStatusError) -> bool:
    return error.status_code == 400 and "content_filter" in f"{error.code} {error.message}"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait, given as a number or a date."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            return max(0.0, float(value) * unit)
        except ValueError:
            pass
        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - time())
        except (ValueError, TypeError):
            pass
    return None


def _count(usage: Any, name: str, *, otherwise: int) -> int:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and 0 <= value < 2**40 else otherwise


def _tokens(request: Request) -> int:
    """A high estimate of the tokens of a prompt."""
    return sum(map(len, request.prompt)) // 3


def _joined(parts: object) -> str:
    """The text of a message given in parts."""
    items = cast(list[Any], parts) if isinstance(parts, list) else []
    return "".join(str(part.get("text", "")) for part in items if isinstance(part, dict))
