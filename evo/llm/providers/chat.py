"""One chat completion over HTTP: whole, in time, of bounded size, and with the key kept in.

A server's failure becomes a `ProviderError`; any text of a model, however odd, becomes a reply.
"""

import asyncio
import json
from dataclasses import replace
from time import time
from typing import Any, cast

import httpx2
import openai

from evo.core.messages import Reply, Request
from evo.llm.providers.base import ProviderError
from evo.llm.providers.dialect import Dialect
from evo.llm.providers.events import is_stream, joined_stream
from evo.llm.providers.hints import environment_problem, hint, is_loopback
from evo.llm.providers.reasons import causes, is_error, parameter_of, reason_of
from evo.llm.providers.thinking import budget_fields
from evo.llm.providers.waits import wait_of
from evo.llm.settings import ModelSettings

_MOST_BYTES = 1_000_000
"""Longest response that is read: no component needs more."""
_MOST_STREAMED = 32_000_000
"""Of a stream, in which each token brings some hundred bytes with it."""
_EXCERPT = 300


class Chat:
    """A client of one model's endpoint.

    Args:
        model: the model's settings.
        base_url: the endpoint; empty for OpenAI's own.
        key: the secret, empty where none is needed.
        recalled: the dialect that was learned before; empty where none was.

    Raises:
        ProviderError: the environment or the key lets no client be made.
    """

    def __init__(
        self,
        model: ModelSettings,
        *,
        base_url: str,
        key: str,
        recalled: dict[str, Any] | None = None,
    ) -> None:
        self._model = model
        self._key = key
        self._base_url = base_url
        self._initial = Dialect.of(model, base_url=base_url)
        self._dialect = Dialect.recalled(recalled) if recalled else self._initial
        self._seen = {self._dialect}
        if not key.isascii():
            raise ProviderError(
                f"the key in {model.key_env} holds characters that no key has ({_not_ascii(key)}); "
                "set the variable again",
                fatal=True,
            )
        try:
            # A proxy cannot reach this machine, whatever the environment says. The certificates
            # that it names count here too.
            client = httpx2.AsyncClient(
                trust_env=not is_loopback(base_url),
                verify=httpx2.create_ssl_context() if base_url.startswith("https") else True,
                timeout=model.timeout_s,
                follow_redirects=True,
            )
            self._client = openai.AsyncOpenAI(
                base_url=base_url or None,
                api_key=key or "none",
                organization="",
                project="",
                timeout=model.timeout_s,
                max_retries=0,  # counting requests is the engine's
                http_client=client,
            )
        except Exception as error:  # noqa: BLE001 - whatever the environment makes it raise
            raise ProviderError(self._clean(environment_problem(error)), fatal=True) from None

    @property
    def lessons(self) -> dict[str, Any]:
        """The dialect, where it is another than at first."""
        return {} if self._dialect == self._initial else self._dialect.facts

    async def complete(self, request: Request) -> Reply:
        """The model's reply.

        Raises:
            ProviderError: there is none.
        """
        dialect = self._dialect
        try:
            async with asyncio.timeout(self._model.timeout_s):
                body = await self._body(request, dialect)
        except TimeoutError:
            raise ProviderError(
                f"no reply within {self._model.timeout_s:g} s "
                "(a slow model wants a larger timeout_s or a smaller max_tokens)"
            ) from None
        except openai.APIStatusError as error:
            if _is_filtered(error):
                return Reply("", "content_filter", self._model.model, 0, 0)
            raise self._refused(error, request, dialect) from None
        except (openai.APIError, httpx2.HTTPError) as error:
            raise self._problem(0, causes(error.__cause__ or error), again=True) from None
        except (ValueError, OSError, TypeError, httpx2.InvalidURL) as error:
            # Such as an address that no connection can be made to.
            raise self._problem(0, causes(error), fatal=True) from None
        if body is None:
            return Reply("", "oversized", self._model.model, _tokens(request), request.max_tokens)
        return self._reply(body, request, dialect)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _body(self, request: Request, dialect: Dialect) -> bytes | None:
        """The response's bytes; None where there are too many."""
        messages: list[Any] = dialect.messages(request)
        fields = dialect.fields(request, self._model.extra, budget_fields(self._model))
        streaming = self._client.chat.completions.with_streaming_response
        async with streaming.create(
            model=self._model.model, messages=messages, extra_body=fields
        ) as response:
            parts: list[bytes] = []
            size, most = 0, _MOST_BYTES
            async for part in response.iter_bytes():
                if not parts and is_stream(part):
                    most = _MOST_STREAMED
                size += len(part)
                if size > most:
                    return None
                parts.append(part)
        return b"".join(parts)

    def _reply(self, body: bytes, request: Request, dialect: Dialect) -> Reply:
        try:
            content: Any = joined_stream(body) if is_stream(body) else json.loads(body)
            if is_error(content):
                body = json.dumps(content).encode()
                raise self._refusal(200, body, request, dialect)
            choice = content["choices"][0]
            message: Any = choice.get("message") or {"content": choice.get("text")}
            text = message.get("content") or ""
            finish = str(choice.get("finish_reason") or "stop")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            said = self._clean(reason_of(body)) or "nothing"
            raise self._problem(
                200, f"expected a chat completion with a choice, got {said}", again=True
            ) from None
        usage: Any = content.get("usage") or {}
        if not isinstance(text, str):
            text = _joined(text)
        text = text or _called(message)
        if not text and message.get("refusal"):
            finish = "content_filter"
        thoughts = message.get("reasoning_content") or message.get("reasoning")
        if not text.strip() and finish == "stop" and thoughts:
            finish = "thoughts"
        written = len(text) + (len(thoughts) if isinstance(thoughts, str) else 0)
        return Reply(
            self._redacted(text),
            finish,
            self._redacted(str(content.get("model") or self._model.model))[:200],
            _count(usage, "prompt_tokens", otherwise=_tokens(request)),
            _count(usage, "completion_tokens", otherwise=written // 3),
        )

    def _refused(
        self, error: openai.APIStatusError, request: Request, dialect: Dialect
    ) -> ProviderError:
        status = error.status_code
        try:
            body = error.response.content
        except httpx2.HTTPError:  # it broke off while it was read
            body = b""
        if status in (401, 402, 403) or error.code == "insufficient_quota":
            return self._problem(status, self._said(body), fatal=True)
        if status in (408, 409, 429):
            wait_s = wait_of(error.response.headers, body, now=time())
            return self._problem(status, self._said(body), again=True, retry_after_s=wait_s)
        refusal = self._refusal(status, body, request, dialect)
        if status >= 500 and not refusal.is_lesson:
            wait_s = wait_of(error.response.headers, body, now=time())
            return self._problem(status, self._said(body), again=True, retry_after_s=wait_s)
        return refusal

    def _refusal(
        self, status: int, body: bytes, request: Request, dialect: Dialect
    ) -> ProviderError:
        """The error of a request in a form that may be what the endpoint refuses."""
        reason = self._said(body)
        learned = dialect.after(reason_of(body), parameter_of(body), request)
        if learned != dialect and learned in self._seen:
            learned = replace(learned, limit="")  # it takes the limit by neither name
        if dialect != self._dialect or (learned != dialect and learned not in self._seen):
            # Another request may have learned it meanwhile.
            if dialect == self._dialect:
                self._dialect = learned
                self._seen.add(learned)
            return ProviderError(f"HTTP {status}: {reason}", is_lesson=True)
        is_final = status in (404, 405) or learned != dialect
        return self._problem(status, reason, fatal=is_final, again=status == 200)

    def _said(self, body: bytes) -> str:
        return self._clean(reason_of(body)) or "no reason given"

    def _problem(
        self,
        status: int,
        reason: str,
        *,
        again: bool = False,
        fatal: bool = False,
        retry_after_s: float | None = None,
    ) -> ProviderError:
        """The error for a failure, with a remedy where one is known."""
        reason = self._clean(reason)
        base_url = self._base_url
        remedy = hint(self._model, base_url, status, reason)
        said = f"HTTP {status}: {reason}" if status not in (0, 200) else reason
        said = f"{said.rstrip('.')} ({remedy})" if remedy else said
        return ProviderError(said, again=again, fatal=fatal, retry_after_s=retry_after_s)

    def _clean(self, text: str) -> str:
        """An excerpt of what a server said, for a message: one line, without the key."""
        return " ".join(self._redacted(text).split())[:_EXCERPT]

    def _redacted(self, text: str) -> str:
        # A server may send back what it was sent; half a surrogate pair is no text.
        text = text.encode("utf-8", "replace").decode()
        return text.replace(self._key, "[key]") if self._key else text


def _not_ascii(key: str) -> str:
    """Places of the characters of a key that are not ASCII: the key itself stays secret."""
    places = [str(place) for place, sign in enumerate(key, 1) if not sign.isascii()]
    return f"character {', '.join(places[:3])}"


def _is_filtered(error: openai.APIStatusError) -> bool:
    return error.status_code == 400 and "content_filter" in f"{error.code} {error.message}"


def _count(usage: Any, name: str, *, otherwise: int) -> int:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and 0 <= value < 2**40 else otherwise


def _tokens(request: Request) -> int:
    """A high estimate of the tokens of a prompt."""
    return sum(map(len, request.prompt)) // 3


def _called(message: Any) -> str:
    """The arguments of the tools that a message calls, as one text."""
    calls = message.get("tool_calls")
    functions = [call.get("function") for call in calls or () if isinstance(call, dict)]
    if isinstance(single := message.get("function_call"), dict):
        functions.append(single)
    given = [function.get("arguments") for function in functions if isinstance(function, dict)]
    return "\n".join(
        argument if isinstance(argument, str) else json.dumps(argument)
        for argument in given
        if argument
    )


def _joined(parts: object) -> str:
    """The text of a message given in parts."""
    items = cast(list[Any], parts) if isinstance(parts, list) else []
    return "".join(str(part.get("text", "")) for part in items if isinstance(part, dict))
