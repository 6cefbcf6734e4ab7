"""Serves a view until it is interrupted."""

import asyncio
import socket
import threading
import webbrowser
from collections.abc import Callable, Sequence

import uvicorn

from evo.core.errors import UsageError
from evo.web.app import LOOPBACK, build_app
from evo.web.places import Places
from evo.web.security import new_token


def serve_view(
    names: Sequence[str],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    open_browser: bool = True,
    allow_control: bool = False,
    say: Callable[[str], None],
) -> None:
    """Serve a view until Ctrl-C or SIGTERM.

    Args:
        names: campaigns, or folders of campaigns.
        host: address to listen on; any other than this machine's own asks for a token.
        port: 0 for a free one.
        open_browser: whether to open the address in the user's browser.
        allow_control: whether campaigns are steered from the view, which then asks for a token.
        say: told the address once it is served.

    Raises:
        UsageError: the address cannot be listened on.
    """
    places = Places(names)
    is_private = host in ("127.0.0.1", "localhost", "::1")
    token = "" if is_private and not allow_control else new_token()
    listener = _listener(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listener.getsockname()[1]}/{f'?token={token}' if token else ''}"
    stop = asyncio.Event()
    app = build_app(
        places,
        hosts=LOOPBACK if is_private else frozenset(),
        token=token,
        allow_control=allow_control,
        stop=stop,
    )
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    server = _Server(config, stop)
    say(address)
    if open_browser:
        threading.Timer(0.3, webbrowser.open, (address,)).start()
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass  # the usual end of a view
    finally:
        listener.close()


class _Server(uvicorn.Server):
    """A server that ends its streams of events when it is told to stop."""

    def __init__(self, config: uvicorn.Config, stop: asyncio.Event) -> None:
        super().__init__(config)
        self._stop = stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stop.set()
        await super().shutdown(sockets)


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(f"Cannot listen on {host}, port {port}: {error}.") from None
    listener.listen(128)
    return listener
