"""Keep a view private and its pages inert: hosts, token, methods, origin, response headers.

Candidates, replies and names are hostile text. Templates escape all of it; the headers here make
sure that nothing runs even where one would not: no script but our own files, no request elsewhere.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ANYWHERE = {
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_COOKIE = "evo-view"


def headers(style_hashes: Iterable[str] = (), *, has_forms: bool = False) -> dict[str, str]:
    """The headers of every response.

    Args:
        style_hashes: of the style sheets that the chart library writes into the page.
        has_forms: whether our own pages post forms, which then say where they come from.
    """
    hashes = "".join(f" '{digest}'" for digest in style_hashes)
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self'{hashes}",
        "style-src-attr 'unsafe-inline'",  # plotly sets fonts of its labels by attribute
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    referrer = "same-origin" if has_forms else "no-referrer"
    return {
        "content-security-policy": "; ".join(policy),
        "referrer-policy": referrer,
        **_ANYWHERE,
    }


def new_token() -> str:
    """A fresh secret for the address of a view."""
    return secrets.token_urlsafe(24)


def form_token(token: str) -> str:
    """The secret that forms of a view bring; it opens no view."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


class Guard:
    """Refuses what no browser of the user asks, and adds the headers to every response.

    Args:
        app: what answers.
        hosts: names in the `Host` header that are answered, or none for any: a page elsewhere
            cannot then reach the view under a name of its own (DNS rebinding).
        token: the secret that the first request must bring; empty for none.
        style_hashes: of the style sheets that the chart library writes into the page.
        posts: addresses that take a POST from our own pages, for visitors who have the token; None
            for no address.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: frozenset[str],
        token: str,
        style_hashes: Iterable[str] = (),
        posts: re.Pattern[str] | None = None,
    ) -> None:
        self._app = app
        self._posts = posts
        self._headers = headers(style_hashes, has_forms=posts is not None)
        self._hosts = hosts
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    sent[name] = value
                sent.setdefault("cache-control", "no-store")
            await send(message)

        answer = self._refusal(scope) or self._admission(scope) or self._app
        await answer(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        takes_post = self._posts is not None and self._posts.fullmatch(scope["path"]) is not None
        is_post = scope["method"] == "POST" and takes_post
        if scope["method"] not in ("GET", "HEAD") and not is_post:
            return PlainTextResponse("A view only shows: GET and HEAD.", 405)
        address = Headers(scope=scope).get("host", "")
        host = address.rsplit(":", 1)[0]
        if self._hosts and host not in self._hosts:
            return PlainTextResponse(f"Expected one of {', '.join(sorted(self._hosts))}.", 421)
        if is_post and not _is_from(address, Headers(scope=scope)):
            return PlainTextResponse("Expected a form of this view's own pages.", 403)
        return None

    def _admission(self, scope: Scope) -> ASGIApp | None:
        """None for who may enter, else the answer: once the token is known a cookie keeps it."""
        if not self._token:
            return None
        given = parse_qsl(scope["query_string"].decode("latin-1"))
        if scope["method"] != "POST" and self._is_token(dict(given).get("token", "")):
            rest = urlencode([(key, value) for key, value in given if key != "token"])
            path = "/" + scope["path"].lstrip("/")  # two slashes would name another host
            response = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
            response.set_cookie(_COOKIE, self._token, httponly=True, samesite="strict")
            return response
        cookie = SimpleCookie(Headers(scope=scope).get("cookie", "")).get(_COOKIE)
        if cookie is not None and self._is_token(cookie.value):
            return None
        return PlainTextResponse("Open the address that evo view printed, with its token.", 403)

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self._token.encode())


def _is_from(address: str, sent: Headers) -> bool:
    """True if a form comes from a page of the same address, as browsers say of every POST."""
    try:
        origin = urlsplit(sent.get("origin", ""))
    except ValueError:
        return False
    is_own = bool(address) and origin.netloc == address and origin.scheme in ("http", "https")
    kind = sent.get("content-type", "").partition(";")[0].strip()
    is_form = kind == "application/x-www-form-urlencoded"
    return is_own and is_form and sent.get("sec-fetch-site", "same-origin") == "same-origin"
