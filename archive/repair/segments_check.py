"""Check the segments of a campaign, and replace damaged ones by what can be restored of them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from archive.repair import recover
from archive.repair.inspection import DAMAGED, Inspection
from archive.repair.rebuild import Recovered, number_ranges, range_text, rebuild
from archive.store import merging, segment
from archive.store.segment import ForeignError, Segment, open_segment
from archive.store.segment_name import generations_of
from archive.store.tables import Columns
from evo.core.errors import HistoryError

_ATTEMPTS = 5
"""How often the segments are listed again when a writer merges them meanwhile."""


class Sealed(NamedTuple):
    """The sealed generations that whole and restored segments hold.

    Attributes:
        lost: generations whose records cannot be restored.
        to_run_again: lost generations at the end, which `evo resume` runs again.
        generation: the last whole one, -1 where there is none.
        records: number of records in whole or restored generations.
    """

    lost: Sequence[int]
    to_run_again: Sequence[int]
    generation: int
    records: int


def check_segments(inspection: Inspection, campaign: str) -> Sealed:
    """Check every segment; a repair replaces the damaged ones by what can be restored."""
    whole, broken = _listed(inspection, campaign)
    recovered: dict[int, tuple[int, Columns]] = {}
    for path, problem in broken.items():
        from_file = recover.generations(path, campaign=campaign)
        covered = {number for sealed in whole for number in sealed.generations}
        numbers = generations_of(path.name) or range(0)
        recovered |= {n: content for n, content in from_file.items() if n not in covered}
        restored = sum(number in covered or number in recovered for number in numbers)
        remedy = f"{restored} of {len(numbers)} generations restored"
        inspection.find(f"segments/{path.name}", problem, remedy)
    present = {number for sealed in whole for number in sealed.generations} | set(recovered)
    generation = max(present, default=-1)
    missing = [n for n in range(generation) if n not in present]
    lost = sorted([*missing, *(n for sealed in whole for n in sealed.lost)])
    named = {n for path in broken for n in generations_of(path.name) or ()}
    to_run_again = sorted(n for n in named if n > generation)
    records = sum(sealed.size for sealed in whole) + sum(n for n, _ in recovered.values())
    unnamed = [number for number in missing if number not in named]
    if unnamed:
        problem = f"no file holds generations {range_text(unnamed)}"
        inspection.find("segments", problem, "kept as generations without records")
    if inspection.repairs and (broken or missing):
        _replace(inspection, whole, broken, recovered, campaign=campaign, generation=generation)
    return Sealed(lost, to_run_again, generation, records)


def _listed(inspection: Inspection, campaign: str) -> tuple[list[Segment], dict[Path, str]]:
    """The same as `_sorted_out`, tried again when a writer merges segments meanwhile."""
    before = len(inspection.findings)
    for _ in range(_ATTEMPTS):
        with suppress(FileNotFoundError):
            return _sorted_out(inspection, campaign)
        del inspection.findings[before:]  # a writer merged a segment that was being read
    return _sorted_out(inspection, campaign)


def _sorted_out(inspection: Inspection, campaign: str) -> tuple[list[Segment], dict[Path, str]]:
    """The whole segments in order, and the damaged ones with what is wrong.

    Raises:
        FileNotFoundError: a file is gone that was there when they were listed.
    """
    whole: list[Segment] = []
    broken: dict[Path, str] = {}
    if inspection.repairs:
        inspection.segments.mkdir(exist_ok=True)
    for path in sorted(inspection.segments.iterdir()) if inspection.segments.is_dir() else ():
        if path.name.startswith("."):
            continue  # what a writer has not finished
        if generations_of(path.name) is None or path.is_dir():
            _foreign(inspection, path, "is no segment of a campaign")
            continue
        try:
            whole.append(open_segment(path, campaign=campaign))
        except ForeignError:
            _foreign(inspection, path, "is of another campaign")
        except HistoryError as error:
            broken[path] = str(error)
    kept, _ = merging.covering(inspection.segments, [sealed.path.name for sealed in whole])
    return [sealed for sealed in whole if sealed.path in kept], broken


def _replace(
    inspection: Inspection,
    whole: Sequence[Segment],
    broken: Mapping[Path, str],
    recovered: Recovered,
    *,
    campaign: str,
    generation: int,
) -> None:
    """Write segments for all generations that no whole file holds; delete the damaged files."""
    for path in broken:
        inspection.copy_aside(path)
    covered = {number for sealed in whole for number in sealed.generations}
    missing = [n for n in range(generation + 1) if n not in covered]
    written = {
        segment.write_segment(
            inspection.segments, numbers, rebuild(numbers, recovered), campaign
        ).path
        for numbers in number_ranges(missing)
    }
    for path in broken:
        if path not in written:
            path.unlink()


def _foreign(inspection: Inspection, path: Path, problem: str) -> None:
    inspection.find(f"segments/{path.name}", problem, f"moved to {DAMAGED}/")
    if inspection.repairs:
        inspection.set_aside(path)
