"""Whether a campaign's files are what was written, and the mending of those that are not.

Every byte is read. What checksums vouch for is restored; what is gone is named, and its place is
kept: a lost generation stays in history as one without records. Lost generations at the end are
simply run again, for a campaign depends on what came before and its seed alone. No file is thrown
away: whatever is replaced lies in the campaign's folder `damaged/` afterwards.
"""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from archive.history import confirmations, replies
from archive.history.description import (
    CAMPAIGN_FORMAT,
    LESSONS,
    Description,
    read_json,
    self_described,
)
from archive.repair import salvage
from archive.repair.patches import Saved, patch, runs, told
from archive.store import disk, journal, merging, segment
from archive.store.journal import Journal
from archive.store.lock import Lock
from archive.store.segment import ForeignError, Segment, generations_of, open_segment
from archive.store.tables import Columns
from evo.core.errors import HistoryError, unknown_format

DAMAGED = "damaged"
"""The folder that replaced and foreign files are moved to."""


_ATTEMPTS = 5
"""How often the segments are looked at anew when a writer merges them meanwhile."""


class Finding(NamedTuple):
    """Something that is wrong.

    Attributes:
        file: path within the campaign's folder.
        problem: what is wrong with it.
        remedy: what a repair does, or did; empty where it can do nothing.
    """

    file: str
    problem: str
    remedy: str


class Report(NamedTuple):
    """What an examination found.

    Attributes:
        findings: all that is wrong.
        lost: generations whose records are gone for good.
        again: generations at the end that are gone and will be run again.
        generation: the last whole one, -1 where there is none.
        records: how many are there.
    """

    findings: Sequence[Finding]
    lost: Sequence[int]
    again: Sequence[int]
    generation: int
    records: int


def check_campaign(folder: Path) -> Report:
    """What is wrong with a campaign; changes nothing, and works beside its writer.

    Raises:
        HistoryError: it is no campaign at all, or of a newer format.
    """
    return _Examination(folder, mend=False).report()


def repair(folder: Path) -> Report:
    """Mend what can be mended, and tell what was found and done.

    Raises:
        HistoryError: it is no campaign at all, another process writes it, or the disk refuses.
    """
    with disk.writing(folder):
        lock = Lock.take(folder / "lock")
        try:
            return _Examination(folder, mend=True).report()
        finally:
            lock.release()


class _Examination:
    """One look at a folder, from its description to its journal; each part needs those before."""

    def __init__(self, folder: Path, *, mend: bool) -> None:
        self._folder = folder
        self._segments = folder / "segments"
        self._mend = mend
        self._findings: list[Finding] = []
        self._lost: list[int] = []
        self._again: list[int] = []
        self._generation = -1
        self._records = 0

    def report(self) -> Report:
        description = self._described()
        if description is not None:
            # Read before the segments: a seal between the two can then only make it outdated.
            contents = self._journal()
            self._check_segments(description.id)
            self._check_journal(description.id, contents)
            self._check_replies(description.id)
            self._check_confirmations()
            self._check_lessons(description.config.get("reward", {}))
        return Report(self._findings, self._lost, self._again, self._generation, self._records)

    def _described(self) -> Description | None:
        """The description, where there is one to go by."""
        path = self._folder / "campaign.json"
        if not path.exists() and not self._segments.is_dir():
            raise HistoryError(f"{self._folder} is no campaign: no campaign.json, no segments.")
        try:
            content = read_json(path)
        except HistoryError:
            content = {}
        if (version := content.get("format", CAMPAIGN_FORMAT)) != CAMPAIGN_FORMAT:
            raise unknown_format(self._folder, version, known=CAMPAIGN_FORMAT)
        found = self_described(content)
        if found is None:
            return self._redescribed()
        for name, problem in found.differing(self._folder).items():
            self._find(name, problem, "restored from campaign.json")
            if self._mend:
                self._set_aside(self._folder / name)
                found.write(self._folder)
        return found

    def _redescribed(self) -> Description | None:
        """The description without `campaign.json`, if the history vouches for it."""
        problem = "it is missing" if not (self._folder / "campaign.json").exists() else "damaged"
        try:
            config, environment = (
                read_json(self._folder / name) for name in ("config.json", "environment.json")
            )
        except HistoryError as error:
            self._find("campaign.json", f"{problem}, and {error}", "")
            return None
        found = Description(config, environment)
        if found.id not in self._ids():
            self._find("campaign.json", f"{problem}, and nothing vouches for config.json", "")
            return None
        self._find("campaign.json", problem, "restored from config.json and environment.json")
        if self._mend:
            self._set_aside(self._folder / "campaign.json")
            found.write(self._folder)
        return found

    def _ids(self) -> set[str]:
        """Ids of the campaigns that journal and segments say they are of."""
        ids: set[str] = set()
        with suppress(HistoryError):
            ids.add(journal.read_journal(self._folder / "journal").campaign)
        for path in sorted(self._segments.glob("*.h5")):
            ids.add(segment.campaign_of(path))
        return ids

    def _check_segments(self, campaign: str) -> None:
        whole, broken = self._found(campaign)
        saved: dict[int, tuple[int, Columns]] = {}
        for path, problem in broken.items():
            rescued = salvage.generations(path, campaign=campaign)
            covered = {number for sealed in whole for number in sealed.generations}
            numbers = generations_of(path.name) or range(0)
            saved |= {n: found for n, found in rescued.items() if n not in covered}
            gone = [number for number in numbers if number not in covered and number not in saved]
            remedy = f"{len(numbers) - len(gone)} of {len(numbers)} generations restored"
            self._find(f"segments/{path.name}", problem, remedy)
        present = {number for sealed in whole for number in sealed.generations} | set(saved)
        self._generation = max(present, default=-1)
        missing = [n for n in range(self._generation) if n not in present]
        self._lost = sorted([*missing, *(n for sealed in whole for n in sealed.lost)])
        named = {n for path in broken for n in generations_of(path.name) or ()}
        self._again = sorted(n for n in named if n > self._generation)
        self._records = sum(sealed.size for sealed in whole) + sum(n for n, _ in saved.values())
        unnamed = [number for number in missing if number not in named]
        if unnamed:
            problem = f"no file holds generations {told(unnamed)}"
            self._find("segments", problem, "kept as generations without records")
        if self._mend and (broken or missing):
            self._replace(whole, broken, saved, campaign)

    def _found(self, campaign: str) -> tuple[list[Segment], dict[Path, str]]:
        """The whole segments in order, and the damaged ones, as they are when none vanishes."""
        before = len(self._findings)
        for _ in range(_ATTEMPTS):
            with suppress(FileNotFoundError):
                return self._sorted_out(campaign)
            del self._findings[before:]  # a writer merged what was being looked at
        return self._sorted_out(campaign)

    def _sorted_out(self, campaign: str) -> tuple[list[Segment], dict[Path, str]]:
        """The whole segments in order, and the damaged ones with what is wrong.

        Raises:
            FileNotFoundError: a file is gone that was there when they were listed.
        """
        whole: list[Segment] = []
        broken: dict[Path, str] = {}
        if self._mend:
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
        saved: Saved,
        campaign: str,
    ) -> None:
        """Files for all generations that no whole file holds; then the damaged ones may go."""
        for path in broken:
            self._copy_aside(path)
        covered = {number for sealed in whole for number in sealed.generations}
        missing = [n for n in range(self._generation + 1) if n not in covered]
        written = {
            segment.write_segment(self._segments, numbers, patch(numbers, saved), campaign).path
            for numbers in runs(missing)
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

    def _check_journal(self, campaign: str, found: journal.Contents | HistoryError) -> None:
        path, following = self._folder / "journal", self._generation + 1
        paid, problem, remedy = [], "", "started anew"
        if isinstance(found, HistoryError):
            problem = str(found)
            if path.is_file():
                paid = salvage.outcomes(path)
                remedy = f"{len(paid)} whole entries restored"
        elif found.campaign != campaign:
            problem = "it is of another campaign"
        elif found.generation > following:
            self._again = list(range(following, found.generation))
            gone = told(self._again)
            problem = f"it is at generation {found.generation}, and generations {gone} are gone"
            remedy = "started anew: what is gone is run again"
        if not problem:
            return
        self._find("journal", problem, remedy)
        if self._mend:
            self._set_aside(path)
            Journal.start(path, following, campaign=campaign, outcomes=paid).close()

    def _check_replies(self, campaign: str) -> None:
        path = self._folder / replies.REPLIES_FILE
        try:
            replies.Replies.read(self._folder, campaign=campaign)
        except HistoryError as error:
            paid = salvage.payloads(path) if path.is_file() else []
            self._find(path.name, str(error), f"{max(0, len(paid) - 1)} whole replies restored")
            if self._mend:
                self._set_aside(path)
                replies.restore(self._folder, paid, campaign=campaign)

    def _check_confirmations(self) -> None:
        for path in sorted((self._folder / "confirmations").glob("*.json")):
            try:
                confirmations.read_confirmation(path)
            except HistoryError as error:
                self._find(f"confirmations/{path.name}", str(error), f"moved to {DAMAGED}/")
                if self._mend:
                    self._set_aside(path)

    def _check_lessons(self, settings: Mapping[str, Any]) -> None:
        expected, path = settings.get("lessons_sha256", ""), self._folder / LESSONS
        content = path.read_bytes() if path.is_file() else b""
        if not expected or hashlib.sha256(content).hexdigest() == expected:
            return
        problem = "it is damaged" if content else "it is missing"
        self._find(LESSONS, problem, f"evo resume takes {settings['lessons']} if that is whole")
        if self._mend:
            self._set_aside(path)

    def _foreign(self, path: Path, problem: str) -> None:
        self._find(f"segments/{path.name}", problem, f"moved to {DAMAGED}/")
        if self._mend:
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
