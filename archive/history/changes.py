"""Changes of settings that a person made after a campaign began: the file `changes`.

Each change has the generation that it holds from. So the history says which generation ran under
which settings, and a resumed campaign runs each generation under those that were its own. The file
is replaced as a whole; it carries the campaign's id and a checksum.
"""

import copy
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from archive.store import disk
from evo.core.errors import HistoryError, unknown_format

CHANGES_FORMAT = 1
CHANGES_FILE = "changes"
PAUSE, GO_ON = "pause", "resume"
"""The commands that hold a campaign and let it go on."""


class Change(NamedTuple):
    """Settings that hold from a generation on.

    Attributes:
        first: the first generation that runs under them.
        settings: new values by dotted key; none for a command such as "pause", which changes
            nothing of the search.
        time: when it was asked for, in UTC, ISO 8601.
        host: the machine on which it was asked for.
        command: the command of `evo ctl` in words; empty for settings of `evo resume`.
        key: of the command, which is carried out once however often it is sent.
    """

    first: int
    settings: Mapping[str, Any]
    time: str
    host: str
    command: str = ""
    key: str = ""


def read_changes(folder: Path, *, campaign: str) -> tuple[Change, ...]:
    """Read the changes of a campaign, in order; none where nothing was ever changed.

    Raises:
        HistoryError: the file is damaged, or of another campaign.
        FormatError: it has another format.
    """
    path = folder / CHANGES_FILE
    with disk.reading(path):
        if not path.exists():
            return ()
        text = path.read_bytes()
    try:
        content = cast(dict[str, Any], json.loads(text))
        version, body = content["format"], content["changes"]
        is_whole = content["checksum"] == _checksum(content["campaign"], body)
        changes = tuple(Change(**change) for change in body)
    except (ValueError, LookupError, TypeError) as error:
        raise HistoryError(
            f"{path} is damaged: {error}. Restore it from a copy: without it generations would run "
            "under settings that are not their own."
        ) from None
    if version != CHANGES_FORMAT:
        raise unknown_format(path, version, known=CHANGES_FORMAT)
    if not is_whole or content["campaign"] != campaign:
        problem = "of another campaign" if is_whole else "damaged: it does not match its checksum"
        raise HistoryError(f"{path} is {problem}. Restore it from a copy.")
    return changes


def write_changes(folder: Path, changes: Sequence[Change], *, campaign: str) -> None:
    """Write all changes of a campaign durably.

    Raises:
        HistoryError: the disk refused; the file is as it was.
    """
    body = [change._asdict() for change in changes]
    content = {
        "format": CHANGES_FORMAT,
        "campaign": campaign,
        "checksum": _checksum(campaign, body),
        "changes": body,
    }
    disk.replace(folder / CHANGES_FILE, (json.dumps(content, indent=2) + "\n").encode())


def is_paused(changes: Iterable[Change]) -> bool:
    """True if a person has paused the campaign and not let it go on since."""
    last = [change for change in changes if change.command in (PAUSE, GO_ON)][-1:]
    return any(change.command == PAUSE for change in last)


def with_changes(config: Mapping[str, Any], changes: Iterable[Change]) -> dict[str, Any]:
    """A configuration as changes leave it."""
    changed = copy.deepcopy(dict(config))
    for change in changes:
        for key, value in change.settings.items():
            *path, last = key.split(".")
            table = changed
            for part in path:
                table = cast(dict[str, Any], table.setdefault(part, {}))
            table[last] = value
    return changed


def _checksum(campaign: str, body: Any) -> str:
    canonical = json.dumps([campaign, body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
