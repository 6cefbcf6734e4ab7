"""Damage to a campaign of six generations, and the report of its repair."""

from pathlib import Path

from support import archive_samples as samples

from archive.history.reader import Reader
from archive.repair import check as health


def generations(folder: Path) -> list[int]:
    """The generations that have all three of their records, each exactly as it was."""
    found: dict[int, list[object]] = {}
    for record in Reader.read(folder).records:
        found.setdefault(record.generation, []).append(samples.everything(record))
    for generation, records in found.items():
        assert records == [
            samples.everything(samples.record(3 * generation + i, generation=generation))
            for i in range(3)
        ]
    return sorted(found)


def repaired(folder: Path) -> health.CheckReport:
    """The report of a repair, after which nothing more is wrong."""
    before = health.check_campaign(folder)
    report = health.repair(folder)
    assert [f[:2] for f in report.findings] == [f[:2] for f in before.findings]
    assert (report.lost, report.to_run_again) == (before.lost, before.to_run_again)
    after = health.check_campaign(folder)
    assert not after.findings
    assert (after.lost, after.records) == (report.lost, report.records)
    return report


def flip(path: Path, place: int) -> None:
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 1 << place % 8
    path.write_bytes(damaged)
