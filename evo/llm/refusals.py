"""Refusals of a campaign's endpoints, kept in its folder: what they do not take.

The file `endpoints` saves a resumed campaign the requests that would be refused again. No record
depends on it, and a campaign without it learns once more.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from archive.store import disk
from evo.core.errors import HistoryError
from evo.llm.providers.base import Provider

REFUSALS_FILE = "endpoints"


def recall(folder: Path, providers: Mapping[str, Provider]) -> None:
    """Give each provider what was learned from its endpoint before."""
    try:
        content: Any = json.loads((folder / REFUSALS_FILE).read_text())
    except (OSError, ValueError):
        return
    known = content if isinstance(content, dict) else {}
    for label, provider in providers.items():
        if isinstance(lessons := known.get(label), dict):
            provider.recall(lessons)


def keep(folder: Path, providers: Mapping[str, Provider]) -> None:
    """Write down what has been learned."""
    learned = {label: provider.lessons for label, provider in providers.items()}
    content = json.dumps({label: lessons for label, lessons in learned.items() if lessons})
    with suppress(HistoryError):  # it is learned again
        disk.replace(folder / REFUSALS_FILE, content.encode())
