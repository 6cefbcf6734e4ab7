"""Progress of a campaign that Python code runs: in a terminal, in a notebook, or not at all."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from rich.console import Console

from evo.campaign.progress import OnProgress, Progress
from evo.report.views.live import live_view, panel

_EVERY_S = 0.25


@contextmanager
def progress_view(name: str, wanted: bool | None) -> Generator[OnProgress]:
    """A watch that shows progress on standard error, while the context lasts.

    Args:
        name: the campaign's.
        wanted: False shows nothing; None shows progress in a terminal and in a notebook only.
    """
    console = Console(stderr=True)
    if wanted is False or (wanted is None and not (console.is_terminal or console.is_jupyter)):
        yield lambda _: None
    elif console.is_jupyter:
        # An ipywidget would be needed by rich's Live; a display handle is part of every notebook.
        yield notebook_view(name, import_module("IPython.display").display)
    else:
        with live_view(name, console) as show:
            yield show


def notebook_view(name: str, display: Callable[..., Any]) -> OnProgress:
    """A watch that redraws one output of a notebook cell, a few times per second.

    Args:
        name: the campaign's.
        display: `IPython.display.display`.
    """
    handle: Any = None
    drawn = float("-inf")

    def show(progress: Progress) -> None:
        nonlocal handle, drawn
        now = time.monotonic()
        if now - drawn < _EVERY_S and not progress.events:
            return
        drawn = now
        if handle is None:
            handle = display(panel(name, progress), display_id=True)
        else:
            handle.update(panel(name, progress))

    return show
