"""What was found when a campaign's best were trained again: `confirmations/` in its folder.

    confirmations/001.json       a finished confirmation, and so on; immutable
                  journal-<key>  what was trained under one set of settings, for the next one too
                  lock           held by the one process that confirms

A confirmation is one JSON object, `format`, `sha256` and `content`; the checksum is that of the
content in its canonical spelling. Nothing here touches the campaign's own journal, segments or
lock, so that confirming works beside a running campaign.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from archive.store import disk, journal
from archive.store.journal import Journal
from archive.store.lock import Lock
from evo.core.errors import HistoryError, unknown_format
from evo.core.records import JobKey, Outcome

CONFIRMATION_FORMAT = 1

_FOLDER = "confirmations"
_FILE = re.compile(r"(\d{3,})\.json")


class Confirmations:
    """The confirmations of a campaign, open for one more; a context manager.

    Make one with `Confirmations.open`.

    Args:
        folder: where they are.
        lock: the right to add to them.
        book: journal of the settings in use.
        outcomes: what it holds.
    """

    def __init__(
        self, folder: Path, lock: Lock, book: Journal, outcomes: dict[JobKey, Outcome]
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._book = book
        self._outcomes = outcomes

    @classmethod
    def open(cls, campaign: Path, *, settings: Mapping[str, Any]) -> Self:
        """The confirmations in a campaign's folder, with what was trained under the same settings.

        Args:
            campaign: the campaign's folder.
            settings: all that a training's result depends on beside its id; JSON-able.

        Raises:
            HistoryError: another process confirms this campaign, a file is damaged, or the disk
                refuses.
        """
        folder = campaign / _FOLDER
        with disk.writing(folder):
            folder.mkdir(exist_ok=True)
        lock = Lock.take(folder / "lock")
        try:
            paths(campaign)  # what would bar the file at the end must not cost the training
            path = folder / f"journal-{_digest(settings)[:12]}"
            if not path.exists():
                return cls(folder, lock, Journal.start(path, 0, campaign=""), {})
            contents = journal.read_journal(path)
            return cls(folder, lock, Journal.resume(path, contents.size), contents.outcomes)
        except BaseException:
            lock.release()
            raise

    @property
    def outcomes(self) -> Mapping[JobKey, Outcome]:
        """What has been trained under these settings so far."""
        return self._outcomes

    def acknowledge(self, outcome: Outcome) -> None:
        """Write an outcome down; it is durable when this returns.

        Raises:
            HistoryError: the disk refused; this outcome is not acknowledged, all before it are.
        """
        self._book.append(outcome)
        self._outcomes[outcome.key] = outcome

    def write(self, content: Mapping[str, Any]) -> Path:
        """Add a finished confirmation under the next number; it is durable when this returns.

        Args:
            content: JSON-able, with a list `candidates` of mappings that have an `id`.

        Raises:
            HistoryError: the disk refused, or another file is in the way.
        """
        number = max((_number(path) for path in paths(self._folder.parent)), default=0) + 1
        path = self._folder / f"{number:03}.json"
        document = {"format": CONFIRMATION_FORMAT, "sha256": _digest(content), "content": content}
        disk.replace(path, (json.dumps(document, indent=1, allow_nan=False) + "\n").encode())
        return path

    def close(self) -> None:
        """Give the right back; closing twice is harmless."""
        self._book.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def paths(campaign: Path) -> list[Path]:
    """The finished confirmations of a campaign, oldest first.

    Raises:
        HistoryError: a file among them is none.
    """
    folder = campaign / _FOLDER
    if not folder.is_dir():
        return []
    with disk.reading(folder):
        found = [path for path in folder.iterdir() if path.suffix == ".json"]
    return sorted((path for path in found if not path.name.startswith(".")), key=_number)


def read_confirmation(path: Path) -> dict[str, Any]:
    """The content of a confirmation, checked.

    Raises:
        HistoryError: the file is damaged, foreign or of another format.
    """
    remedy = "Restore it from a copy, or move it elsewhere and run evo confirm again."
    try:
        with disk.reading(path):
            document = json.loads(path.read_bytes())
        form, digest, content = (document[key] for key in ("format", "sha256", "content"))
        is_whole = _digest(content) == digest
    except (ValueError, KeyError, TypeError):
        raise HistoryError(f"{path} is no confirmation of evo, or damaged. {remedy}") from None
    if form != CONFIRMATION_FORMAT:
        raise unknown_format(path, form, known=CONFIRMATION_FORMAT)
    if not is_whole:
        raise HistoryError(f"{path} is damaged: its contents do not match its checksum. {remedy}")
    return content


def newest_of(campaign: Path, id_: str) -> dict[str, Any] | None:
    """What the newest confirmation with this candidate says of it; None where there is none.

    Raises:
        HistoryError: a file is damaged or foreign.
    """
    for path in reversed(paths(campaign)):
        content = read_confirmation(path)
        for entry in content["candidates"]:
            if entry["id"] == id_:
                return {"number": path.stem, "protocol": content["protocol"], **entry}
    return None


def _number(path: Path) -> int:
    match = _FILE.fullmatch(path.name)
    if match is None:
        raise HistoryError(f"{path} is no confirmation of this campaign. Move it elsewhere.")
    return int(match[1])


def _digest(content: object) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
