"""The web application: addresses, pages, figures, events, static files, behind the guard."""

import asyncio
import base64
import hashlib
import re
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import lru_cache
from importlib import metadata, resources
from importlib.util import find_spec
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from evo.core.errors import UsageError
from evo.web.events import event_stream
from evo.web.figure_routes import FigureRoutes
from evo.web.pages import Pages
from evo.web.places import Places
from evo.web.security import Guard, form_token
from evo.web.steering import Steering
from evo.web.text import highlight_styles
from evo.web.view import View

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""Names under which a view on this machine is reached."""
STEERED = re.compile(r"/c/[^/]+/steer")
"""The addresses that take a POST where campaigns are steered."""
_WRITTEN_STYLE = re.compile(r"\.textContent='(\.maplibregl-map\{[^'\\]*)'")
_YEAR = "private, max-age=31536000, immutable"


def build_app(
    places: Places,
    *,
    hosts: frozenset[str] = LOOPBACK,
    token: str = "",
    allow_control: bool = False,
    stop: asyncio.Event | None = None,
) -> ASGIApp:
    """The application.

    Args:
        places: where the campaigns are.
        hosts: names that are answered, none for any.
        token: the secret that a visitor must bring; empty for none.
        allow_control: whether campaigns are steered from here; needs a token.
        stop: ends the streams of events.
    """
    view = View(places)
    version = f"{metadata.version('evo-search')}-{metadata.version('plotly')}"
    pages, figures = Pages(view, version, steers=allow_control), FigureRoutes(view)
    stopping = stop or asyncio.Event()
    plotly = _plotly()

    async def all_events(_: Request) -> Response:
        return event_stream(lambda: list(places.campaigns()), stopping)

    async def events(request: Request) -> Response:
        key = request.path_params["key"]
        return event_stream(lambda: view.news(key), stopping)

    async def charts(_: Request) -> Response:
        return FileResponse(plotly, headers={"cache-control": _YEAR}, media_type="text/javascript")

    async def styles(_: Request) -> Response:
        return Response(highlight_styles(), media_type="text/css", headers={"cache-control": _YEAR})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        threading.Thread(target=view.read_ahead, daemon=True).start()
        yield

    app = Starlette(
        lifespan=lifespan,
        routes=[
            Route("/", pages.start),
            Route("/events", all_events),
            Route("/c/{key}/events", events),
            Route("/c/{key}/figures/{name}.json", figures.figure),
            Route("/c/{key}/candidate/{id:path}", pages.candidate),
            *(_steering(pages, places, token) if allow_control else ()),
            Route("/c/{key}/{pane}", pages.pane),
            Route("/charts/plotly.js", charts),
            Route("/charts/source.css", styles),
            Mount("/static", StaticFiles(directory=str(resources.files("evo.web") / "static"))),
        ],
    )
    return Guard(
        app,
        hosts=hosts,
        token=token,
        style_hashes=_style_hashes(plotly),
        posts=STEERED if allow_control else None,
    )


def _steering(pages: Pages, places: Places, token: str) -> list[Route]:
    assert token, "a view that steers has a token"
    steering = Steering(pages, places, form_token(token))
    address = "/c/{key}/steer"
    return [
        Route(address, steering.command, methods=["POST"]),
        Route(address, steering.page),
    ]


@lru_cache  # reading it takes a while
def _style_hashes(script: Path) -> list[str]:
    """Hashes of the style sheets that the script writes when it is loaded, those of its maps."""
    sheets = _WRITTEN_STYLE.findall(script.read_text(encoding="utf-8"))
    digests = [hashlib.sha256(sheet.encode()).digest() for sheet in sheets]
    return [f"sha256-{base64.b64encode(digest).decode()}" for digest in digests]


def _plotly() -> Path:
    """The bundled script in the package of plotly, which is not imported for it.

    Raises:
        UsageError: it is not there.
    """
    spec = find_spec("plotly")
    path = Path(spec.origin or "").parent / "package_data" / "plotly.min.js" if spec else Path()
    if not path.is_file():
        raise UsageError("evo view needs plotly with its script: pip install 'evo-search[view]'.")
    return path
