"""`evo check`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from archive.folders import run_folder
from evo.commands.console import err, out, print_json
from evo.commands.options import JsonOption, RunName
from evo.core.places import RUNS


def check(
    run: RunName,
    *,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Restore what is intact by checksum; list what is lost."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check every file of a campaign against its checksums; with --repair, repair damaged files."""
    folder = _folder(run)
    from archive.repair import check as health
    from evo.report.views.tables import facts_table, rows_table

    report = health.repair(folder) if repair else health.check_campaign(folder)
    is_sound = not (health.check_campaign(folder).findings if repair else report.findings)
    repaired = "repaired" if is_sound else "beyond repair"
    facts: dict[str, Any] = {
        "path": str(folder),
        "state": "sound" if not report.findings else repaired if repair else "damaged",
        "generation": report.generation,
        "records": report.records,
        "lost_generations": list(report.lost),
        "generations_to_run_again": list(report.to_run_again),
        "findings": [finding._asdict() for finding in report.findings],
    }
    if as_json:
        print_json(facts)
    else:
        findings = facts.pop("findings")
        out.print(facts_table(facts))
        if report.findings:
            out.print(rows_table(findings))
    if report.findings and not repair:
        err.print(f"Repair it with: evo check {folder} --repair", soft_wrap=True)
    if not is_sound:
        raise typer.Exit(1)


def _folder(run: str) -> Path:
    """The folder of a campaign, even where its campaign.json is missing."""
    for folder in (Path(run), RUNS / run):
        if (folder / "segments").is_dir():
            return folder
    return run_folder(run)
