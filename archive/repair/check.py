"""Check the files of a campaign against their checksums, and repair damaged ones.

Every byte is read. Parts whose checksum matches are restored; a lost generation is reported and
stays in the history as one without records. Lost generations at the end are run again on resume,
which gives the same ones. No file is deleted: replaced files are kept in the folder `damaged/` of
the campaign.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from archive.history import confirmations, origins
from archive.history.manifest import LESSONS
from archive.repair.inspection import DAMAGED, Finding, Inspection
from archive.repair.logs_check import check_changes, check_journal, check_replies, journal_or_error
from archive.repair.manifest_check import check_manifest
from archive.repair.segments_check import Sealed, check_segments
from archive.store import disk
from archive.store.lock import Lock
from evo.core.errors import HistoryError


class CheckReport(NamedTuple):
    """Result of a check or repair.

    Attributes:
        findings: all problems.
        lost: generations whose records cannot be restored.
        to_run_again: lost generations at the end, which `evo resume` runs again.
        generation: the last whole one, -1 where there is none.
        records: number of records in whole or restored generations.
    """

    findings: Sequence[Finding]
    lost: Sequence[int]
    to_run_again: Sequence[int]
    generation: int
    records: int


def check_campaign(folder: Path) -> CheckReport:
    """Check every file of a campaign; changes nothing, and works while it runs.

    Raises:
        HistoryError: the folder is no campaign.
        FormatError: the campaign has another format.
    """
    return _report(Inspection(folder, repairs=False))


def repair(folder: Path) -> CheckReport:
    """Check a campaign and repair the files that can be.

    Returns:
        The problems as they were before the repair, and what was done about each.

    Raises:
        HistoryError: the folder is no campaign, another process writes it, or a file cannot be
            written.
        FormatError: the campaign has another format.
    """
    with disk.writing(folder):
        lock = Lock.take(folder / "lock")
        try:
            return _report(Inspection(folder, repairs=True))
        finally:
            lock.release()


def _report(inspection: Inspection) -> CheckReport:
    """Check from the manifest to the journal; each part needs those before."""
    manifest = check_manifest(inspection)
    sealed = Sealed([], [], -1, 0)
    if manifest is not None:
        # Before the segments: if a generation is sealed in between, it is merely outdated.
        contents = journal_or_error(inspection)
        sealed = check_segments(inspection, manifest.id)
        sealed = check_journal(inspection, manifest.id, contents, sealed)
        check_replies(inspection, manifest.id)
        check_changes(inspection, manifest.id)
        _check_confirmations(inspection)
        _check_lessons(inspection, manifest.config.get("reward", {}))
        _check_origins(inspection, manifest.config.get("start_from", ()))
    return CheckReport(inspection.findings, *sealed)


def _check_confirmations(inspection: Inspection) -> None:
    for path in sorted((inspection.folder / "confirmations").glob("*.json")):
        try:
            confirmations.read_confirmation(path)
        except HistoryError as error:
            inspection.find(f"confirmations/{path.name}", str(error), f"moved to {DAMAGED}/")
            if inspection.repairs:
                inspection.set_aside(path)


def _check_lessons(inspection: Inspection, settings: Mapping[str, Any]) -> None:
    expected, path = settings.get("lessons_sha256", ""), inspection.folder / LESSONS
    content = path.read_bytes() if path.is_file() else b""
    if not expected or hashlib.sha256(content).hexdigest() == expected:
        return
    problem = "it is damaged" if content else "it is missing"
    inspection.find(
        LESSONS, problem, f"evo resume copies {settings['lessons']} again if that is whole"
    )
    if inspection.repairs:
        inspection.set_aside(path)


def _check_origins(inspection: Inspection, named: Sequence[Mapping[str, Any]]) -> None:
    """Check what was taken of other campaigns; a copy alone restores it."""
    for number, origin in enumerate(named, start=1):
        path = origins.path_of(inspection.folder, number, origin["generation"])
        try:
            origins.read_taken(
                inspection.folder,
                number,
                campaign=origin["id"],
                generation=origin["generation"],
                sha256=origin["sha256"],
            )
        except HistoryError as error:
            inspection.find(str(path.relative_to(inspection.folder)), str(error), "")
