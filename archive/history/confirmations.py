"""Results of `evo confirm`, in the folder `confirmations/` of a campaign.

    confirmations/001.json       the first finished confirmation; never changed afterwards
                  journal-<key>  outcomes under one set of settings, a cache for later ones
                  lock           held by the one process that confirms

A confirmation is one JSON object with `format`, `sha256` and `content`; the checksum is that of
the content as canonical JSON. Nothing here touches the campaign's own journal, segments or lock, so
that `evo confirm` works while the campaign runs.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from archive.store import disk
from archive.store.journal import Journal, read_journal
from archive.store.lock import Lock
from evo.core.errors import HistoryError, unknown_format
from evo.core.trials import JobKey, Outcome

CONFIRMATION_FORMAT = 1

_FOLDER = "confirmations"
_FILE = re.compile(r"(\d{3,})\.json")


class Confirmations:
    """The confirmations of a campaign, open for adding one; a context manager.

    Make one with `Confirmations.open`.

    Args:
        folder: the folder `confirmations`.
        lock: the lock in it.
        journal: journal of the settings in use.
        outcomes: the outcomes in that journal.
    """

    def __init__(
        self, folder: Path, lock: Lock, journal: Journal, outcomes: dict[JobKey, Outcome]
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._journal = journal
        self._outcomes = outcomes

    @classmethod
    def open(cls, campaign: Path, *, settings: Mapping[str, Any]) -> Self:
        """Open the confirmations of a campaign and the outcomes for the same settings.

        Args:
            campaign: the campaign's folder.
            settings: all that an outcome depends on besides the candidate; JSON-able.

        Raises:
            HistoryError: another process confirms this campaign, a file is damaged, or the disk
                cannot be written.
        """
        folder = campaign / _FOLDER
        with disk.writing(folder):
            folder.mkdir(exist_ok=True)
        lock = Lock.take(folder / "lock")
        try:
            paths(campaign)  # raises now what would refuse the result after hours of training
            path = _journal(campaign, settings)
            if not path.exists():
                return cls(folder, lock, Journal.start(path, 0, campaign=""), {})
            contents = read_journal(path)
            return cls(folder, lock, Journal.resume(path, contents.size), contents.outcomes)
        except BaseException:
            lock.release()
            raise

    @property
    def outcomes(self) -> Mapping[JobKey, Outcome]:
        """Outcomes of training with these settings so far."""
        return self._outcomes

    def acknowledge(self, outcome: Outcome) -> None:
        """Append an outcome to the journal; it is durable when this returns.

        Raises:
            HistoryError: it could not be written; all outcomes before it are on disk.
        """
        self._journal.append(outcome)
        self._outcomes[outcome.key] = outcome

    def write(self, content: Mapping[str, Any]) -> Path:
        """Add a finished confirmation under the next number; it is durable when this returns.

        Args:
            content: JSON-able, with a list `candidates` of mappings that have an `id`.

        Raises:
            HistoryError: it could not be written, or a file in the folder is no confirmation.
        """
        number = max((_number(path) for path in paths(self._folder.parent)), default=0) + 1
        path = self._folder / f"{number:03}.json"
        document = {"format": CONFIRMATION_FORMAT, "sha256": _digest(content), "content": content}
        disk.replace(path, (json.dumps(document, indent=1, allow_nan=False) + "\n").encode())
        return path

    def close(self) -> None:
        """Release the lock; closing twice is harmless."""
        self._journal.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def outcomes_of(
    campaigns: Iterable[Path], *, settings: Mapping[str, Any]
) -> Mapping[JobKey, Outcome]:
    """Outcomes of training with these settings in the confirmations of campaigns so far.

    Raises:
        HistoryError: a file is damaged.
    """
    journals = [_journal(campaign, settings) for campaign in campaigns]
    known: dict[JobKey, Outcome] = {}
    for path in journals:
        known |= read_journal(path).outcomes if path.exists() else {}
    return known


def used_seconds(campaign: Path) -> float:
    """Processor time of all confirmations of a campaign so far.

    Raises:
        HistoryError: a file is damaged.
    """
    journals = (campaign / _FOLDER).glob("journal-*")
    return sum(o.seconds for path in journals for o in read_journal(path).outcomes.values())


def paths(campaign: Path) -> list[Path]:
    """Paths of the finished confirmations of a campaign, oldest first.

    Raises:
        HistoryError: a JSON file there is not named like a confirmation.
    """
    folder = campaign / _FOLDER
    if not folder.is_dir():
        return []
    with disk.reading(folder):
        files = [path for path in folder.iterdir() if path.suffix == ".json"]
    return sorted((path for path in files if not path.name.startswith(".")), key=_number)


def read_confirmation(path: Path) -> dict[str, Any]:
    """Read a confirmation and verify its checksum.

    Returns:
        Its content, as it was passed to `Confirmations.write`.

    Raises:
        HistoryError: the file is damaged, or no confirmation.
        FormatError: it has another format.
    """
    remedy = "Restore it from a copy, or move it elsewhere and run evo confirm again."
    try:
        with disk.reading(path):
            document = json.loads(path.read_bytes())
        version, digest, content = (document[key] for key in ("format", "sha256", "content"))
        is_whole = _digest(content) == digest
    except (ValueError, KeyError, TypeError):
        raise HistoryError(f"{path} is no confirmation of evo, or damaged. {remedy}") from None
    if version != CONFIRMATION_FORMAT:
        raise unknown_format(path, version, known=CONFIRMATION_FORMAT)
    if not is_whole:
        raise HistoryError(f"{path} is damaged: its contents do not match its checksum. {remedy}")
    return content


def newest_of(campaign: Path, id_: str) -> dict[str, Any] | None:
    """Result of a candidate in the newest confirmation that has it; None where none has.

    Returns:
        Its entry, with `number` of the confirmation and `protocol` added.

    Raises:
        HistoryError: a file is damaged, or no confirmation.
    """
    for path in reversed(paths(campaign)):
        content = read_confirmation(path)
        for entry in content["candidates"]:
            if entry["id"] == id_:
                return {"number": path.stem, "protocol": content["protocol"], **entry}
    return None


def _journal(campaign: Path, settings: Mapping[str, Any]) -> Path:
    return campaign / _FOLDER / f"journal-{_digest(settings)[:12]}"


def _number(path: Path) -> int:
    match = _FILE.fullmatch(path.name)
    if match is None:
        raise HistoryError(f"{path} is no confirmation of this campaign. Move it elsewhere.")
    return int(match[1])


def _digest(content: object) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
