"""Attempts at trainings that gave no result, by cause, all processes together: the file `losses`.

It says what happened to machines and workers; no record depends on it.
"""

import json
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

from archive.store import disk
from evo.core.errors import HistoryError

LOSSES_FILE = "losses"
_NEWEST = 20
"""Losses of which more than the number is kept."""


class LossTally(NamedTuple):
    """Losses of a campaign.

    Attributes:
        causes: number of losses by cause.
        jobs: attempts that they took with them.
        newest: the newest, oldest first: `at`, `cause`, `where`, `jobs`, `detail`.
    """

    causes: dict[str, int]
    jobs: int
    newest: list[dict[str, Any]]


def read_losses(folder: Path) -> LossTally | None:
    """The losses of a campaign; None where there were none, or the file cannot be read."""
    try:
        content = json.loads((folder / LOSSES_FILE).read_bytes())
        causes = {str(cause): int(number) for cause, number in content["causes"].items()}
        newest = cast(list[dict[str, Any]], [dict(one) for one in content["newest"]])
        return LossTally(causes, int(content["jobs"]), newest)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def note_loss(folder: Path, cause: str, *, where: str, jobs: int, detail: str) -> None:
    """Write down a loss.

    Args:
        folder: the campaign's; the caller holds its lock.
        cause: why, in a word.
        where: the machine; empty for this one.
        jobs: attempts that it took with it.
        detail: for people, shortened.
    """
    known = read_losses(folder) or LossTally({}, 0, [])
    one = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **{"cause": cause, "where": where, "jobs": jobs, "detail": detail[:300]},
    }
    content = {
        "causes": dict(Counter(known.causes) + Counter([cause])),
        "jobs": known.jobs + jobs,
        "newest": [*known.newest, one][-_NEWEST:],
    }
    with suppress(HistoryError):  # a full disk is found where it matters
        disk.replace(folder / LOSSES_FILE, json.dumps(content).encode())
