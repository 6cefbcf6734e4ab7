"""Check the files of a campaign against their checksums, and repair damaged ones.

Every byte is read. Parts whose checksum matches are restored; a lost generation is reported and
stays in the history as one without records. Lost generations at the end are run again on resume,
which gives the same ones. No file is deleted: replaced files are kept in the folder `damaged/` of
the campaign.
"""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from archive.history import confirmations, replies
from archive.history.manifest import (
    CAMPAIGN_FORMAT,
    LESSONS,
    Manifest,
    manifest_of,
    read_json,
)
from archive.repair import recover
from archive.repair.rebuild import Recovered, number_ranges, range_text, rebuild
from archive.store import disk, journal, merging, segment
from archive.store.journal import Journal
from archive.store.lock import Lock
from archive.store.segment import ForeignError, Segment, generations_of, open_segment
from archive.store.tables import Columns
from evo.core.errors import HistoryError, unknown_format

DAMAGED = "damaged"
"""The folder that replaced and foreign files are moved to."""

_ATTEMPTS = 5
"""How often the segments are listed again when a writer merges them meanwhile."""


class Finding(NamedTuple):
    """A problem with one file.

    Attributes:
        file: path within the campaign's folder.
        problem: what is wrong with it.
        remedy: what a repair does, or did; empty where it can do nothing.
    """

    file: str
    problem: str
    remedy: str


class Report(NamedTuple):
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


def check_campaign(folder: Path) -> Report:
    """Check every file of a campaign; changes nothing, and works while it runs.

    Raises:
        HistoryError: the folder is no campaign.
        FormatError: the campaign has another format.
    """
    return _Check(folder, repair=False).report()


def repair(folder: Path) -> Report:
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
            return _Check(folder, repair=True).report()
        finally:
            lock.release()


class _Check:
    """One check of a folder, from its manifest to its journal; each part needs those before."""

    def __init__(self, folder: Path, *, repair: bool) -> None:
        self._folder = folder
        self._segments = folder / "segments"
        self._repair = repair
        self._findings: list[Finding] = []
        self._lost: list[int] = []
        self._to_run_again: list[int] = []
        self._generation = -1
        self._records = 0

    def report(self) -> Report:
        manifest = self._manifest()
        if manifest is not None:
            # Before the segments: if a generation is sealed in between, it is merely outdated.
            contents = self._journal()
            self._check_segments(manifest.id)
            self._check_journal(manifest.id, contents)
            self._check_replies(manifest.id)
            self._check_confirmations()
            self._check_lessons(manifest.config.get("reward", {}))
        return Report(
            self._findings, self._lost, self._to_run_again, self._generation, self._records
        )

    def _manifest(self) -> Manifest | None:
        """Check the manifest; None where there is none to check the other files by."""
        path = self._folder / "campaign.json"
        if not path.exists() and not self._segments.is_dir():
            raise HistoryError(
                f"{self._folder} is no campaign: it has no campaign.json and no segments. "
                "Check the path."
            )
        try:
            content = read_json(path)
        except HistoryError:
            content = {}
        if (version := content.get("format", CAMPAIGN_FORMAT)) != CAMPAIGN_FORMAT:
            raise unknown_format(self._folder, version, known=CAMPAIGN_FORMAT)
        manifest = manifest_of(content)
        if manifest is None:
            return self._restored_manifest()
        for name, problem in manifest.differing(self._folder).items():
            self._find(name, problem, "restored from campaign.json")
            if self._repair:
                self._set_aside(self._folder / name)
                manifest.write(self._folder)
        return manifest

    def _restored_manifest(self) -> Manifest | None:
        """The manifest from its other two files, if journal or segments carry the same id."""
        problem = (
            "it is missing" if not (self._folder / "campaign.json").exists() else "it is damaged"
        )
        try:
            config, environment = (
                read_json(self._folder / name) for name in ("config.json", "environment.json")
            )
        except HistoryError as error:
            self._find("campaign.json", f"{problem}, and {error}", "")
            return None
        manifest = Manifest(config, environment)
        if manifest.id not in self._ids():
            mismatch = "config.json and environment.json do not match the id of any other file"
            self._find("campaign.json", f"{problem}, and {mismatch}", "")
            return None
        self._find("campaign.json", problem, "restored from config.json and environment.json")
        if self._repair:
            self._set_aside(self._folder / "campaign.json")
            manifest.write(self._folder)
        return manifest

    def _ids(self) -> set[str]:
        """Ids of campaigns that journal and segments carry."""
        ids: set[str] = set()
        with suppress(HistoryError):
            ids.add(journal.read_journal(self._folder / "journal").campaign)
        for path in sorted(self._segments.glob("*.h5")):
            ids.add(segment.campaign_of(path))
        return ids

    def _check_segments(self, campaign: str) -> None:
        whole, broken = self._listed(campaign)
        recovered: dict[int, tuple[int, Columns]] = {}
        for path, problem in broken.items():
            from_file = recover.generations(path, campaign=campaign)
            covered = {number for sealed in whole for number in sealed.generations}
            numbers = generations_of(path.name) or range(0)
            recovered |= {n: content for n, content in from_file.items() if n not in covered}
            restored = sum(number in covered or number in recovered for number in numbers)
            remedy = f"{restored} of {len(numbers)} generations restored"
            self._find(f"segments/{path.name}", problem, remedy)
        present = {number for sealed in whole for number in sealed.generations} | set(recovered)
        self._generation = max(present, default=-1)
        missing = [n for n in range(self._generation) if n not in present]
        self._lost = sorted([*missing, *(n for sealed in whole for n in sealed.lost)])
        named = {n for path in broken for n in generations_of(path.name) or ()}
        self._to_run_again = sorted(n for n in named if n > self._generation)
        self._records = sum(sealed.size for sealed in whole) + sum(n for n, _ in recovered.values())
        unnamed = [number for number in missing if number not in named]
        if unnamed:
            problem = f"no file holds generations {range_text(unnamed)}"
            self._find("segments", problem, "kept as generations without records")
        if self._repair and (broken or missing):
            self._replace(whole, broken, recovered, campaign)

    def _listed(self, campaign: str) -> tuple[list[Segment], dict[Path, str]]:
        """The same as `_sorted_out`, tried again when a writer merges segments meanwhile."""
        before = len(self._findings)
        for _ in range(_ATTEMPTS):
            with suppress(FileNotFoundError):
                return self._sorted_out(campaign)
            del self._findings[before:]  # a writer merged a segment that was being read
        return self._sorted_out(campaign)

    def _sorted_out(self, campaign: str) -> tuple[list[Segment], dict[Path, str]]:
        """The whole segments in order, and the damaged ones with what is wrong.

        Raises:
            FileNotFoundError: a file is gone that was there when they were listed.
        """
        whole: list[Segment] = []
        broken: dict[Path, str] = {}
        if self._repair:
            self._segments.mkdir(exist_ok=True)
        for path in sorted(self._segments.iterdir()) if self._segments.is_dir() else ():
            if path.name.startswith("."):
                continue  # what a writer has not finished
            if generations_of(path.name) is None or path.is_dir():
                self._foreign(path, "is no segment of a campaign")
                continue
            try:
                whole.append(open_segment(path, campaign=campaign))
            except ForeignError:
                self._foreign(path, "is of another campaign")
            except HistoryError as error:
                broken[path] = str(error)
        kept, _ = merging.covering(self._segments, [sealed.path.name for sealed in whole])
        return [sealed for sealed in whole if sealed.path in kept], broken

    def _replace(
        self,
        whole: Sequence[Segment],
        broken: Mapping[Path, str],
        recovered: Recovered,
        campaign: str,
    ) -> None:
        """Write segments for all generations that no whole file holds; delete the damaged files."""
        for path in broken:
            self._copy_aside(path)
        covered = {number for sealed in whole for number in sealed.generations}
        missing = [n for n in range(self._generation + 1) if n not in covered]
        written = {
            segment.write_segment(
                self._segments, numbers, rebuild(numbers, recovered), campaign
            ).path
            for numbers in number_ranges(missing)
        }
        for path in broken:
            if path not in written:
                path.unlink()

    def _journal(self) -> journal.Contents | HistoryError:
        """The journal, or why it cannot be read."""
        try:
            return journal.read_journal(self._folder / "journal")
        except HistoryError as error:
            return error

    def _check_journal(self, campaign: str, contents: journal.Contents | HistoryError) -> None:
        path, following = self._folder / "journal", self._generation + 1
        outcomes, problem, remedy = [], "", "replaced by an empty journal"
        if isinstance(contents, HistoryError):
            problem = str(contents)
            if path.is_file():
                outcomes = recover.outcomes(path)
                remedy = f"{len(outcomes)} whole entries restored"
        elif contents.campaign != campaign:
            problem = "it is of another campaign"
        elif contents.generation > following:
            self._to_run_again = list(range(following, contents.generation))
            lost = range_text(self._to_run_again)
            problem = f"it is at generation {contents.generation}, but generations {lost} are lost"
            remedy = "replaced by an empty journal; evo resume runs the lost generations again"
        if not problem:
            return
        self._find("journal", problem, remedy)
        if self._repair:
            self._set_aside(path)
            Journal.start(path, following, campaign=campaign, outcomes=outcomes).close()

    def _check_replies(self, campaign: str) -> None:
        path = self._folder / replies.REPLIES_FILE
        try:
            replies.Replies.read(self._folder, campaign=campaign)
        except HistoryError as error:
            payloads = recover.payloads(path) if path.is_file() else []
            count = max(0, len(payloads) - 1)  # the first is the header
            self._find(path.name, str(error), f"{count} whole replies restored")
            if self._repair:
                self._set_aside(path)
                replies.restore(self._folder, payloads, campaign=campaign)

    def _check_confirmations(self) -> None:
        for path in sorted((self._folder / "confirmations").glob("*.json")):
            try:
                confirmations.read_confirmation(path)
            except HistoryError as error:
                self._find(f"confirmations/{path.name}", str(error), f"moved to {DAMAGED}/")
                if self._repair:
                    self._set_aside(path)

    def _check_lessons(self, settings: Mapping[str, Any]) -> None:
        expected, path = settings.get("lessons_sha256", ""), self._folder / LESSONS
        content = path.read_bytes() if path.is_file() else b""
        if not expected or hashlib.sha256(content).hexdigest() == expected:
            return
        problem = "it is damaged" if content else "it is missing"
        self._find(
            LESSONS, problem, f"evo resume copies {settings['lessons']} again if that is whole"
        )
        if self._repair:
            self._set_aside(path)

    def _foreign(self, path: Path, problem: str) -> None:
        self._find(f"segments/{path.name}", problem, f"moved to {DAMAGED}/")
        if self._repair:
            self._set_aside(path)

    def _find(self, file: str, problem: str, remedy: str) -> None:
        self._findings.append(Finding(file, problem, remedy))

    def _set_aside(self, path: Path) -> None:
        if path.exists():
            with disk.writing(path):
                path.rename(self._place_aside(path))

    def _copy_aside(self, path: Path) -> None:
        with disk.writing(path):
            shutil.copy2(path, self._place_aside(path))

    def _place_aside(self, path: Path) -> Path:
        folder = self._folder / DAMAGED
        folder.mkdir(exist_ok=True)
        number, place = 1, folder / path.name
        while place.exists():
            number += 1
            place = folder / f"{path.name}.{number}"
        return place
