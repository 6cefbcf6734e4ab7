"""The web view called without a socket: one request, one answer."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from evo.web.app import LOOPBACK, build_app
from evo.web.places import Places


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Visitor:
    """Asks a view of some folders."""

    def __init__(
        self,
        *names: Path | str,
        hosts: frozenset[str] = LOOPBACK,
        token: str = "",
        allow_control: bool = False,
    ):
        places = Places([str(name) for name in names])
        self.app = build_app(places, hosts=hosts, token=token, allow_control=allow_control)

    def get(
        self, address: str, *, method: str = "GET", body: bytes = b"", **headers: str
    ) -> Answer:
        path, _, query = address.partition("?")
        sent: list[Any] = []
        sent_request: list[bool] = []
        names = {"host": "127.0.0.1:80"} | {k.replace("_", "-"): v for k, v in headers.items()}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),  # as servers do
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in names.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }

        async def receive() -> Any:
            if sent_request:
                await asyncio.Event().wait()  # the visitor stays
            sent_request.append(True)
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        start = next(message for message in sent if message["type"] == "http.response.start")
        body = b"".join(message.get("body", b"") for message in sent)
        answered = {k.decode(): v.decode() for k, v in start["headers"]}
        return Answer(start["status"], answered, body.decode("utf-8", "replace"))
