"""Whether a campaign's files are what was written."""

from pathlib import Path
from typing import Annotated, Any

import typer

from evo.api.folders import RUNS, run_folder
from evo.commands.console import err, out, print_json
from evo.commands.options import JsonOption, RunName


def check(
    run: RunName,
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Restore what checksums vouch for; say what is gone.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Whether every file of a campaign is whole; with --repair, mend those that are not."""
    folder = _folder(run)
    from archive.repair import check as health
    from evo.report.views.tables import facts_table, rows_table

    report = health.repair(folder) if repair else health.check_campaign(folder)
    is_sound = not (health.check_campaign(folder).findings if repair else report.findings)
    mended = "repaired" if is_sound else "beyond repair"
    facts: dict[str, Any] = {
        "path": str(folder),
        "state": "sound" if not report.findings else mended if repair else "damaged",
        "generation": report.generation,
        "records": report.records,
        "lost_generations": list(report.lost),
        "generations_to_run_again": list(report.again),
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
        err.print(f"Mend what can be mended with: evo check {folder} --repair", soft_wrap=True)
    if not is_sound:
        raise typer.Exit(1)


def _folder(run: str) -> Path:
    """A campaign's folder, also where its campaign.json is gone."""
    for folder in (Path(run), RUNS / run):
        if (folder / "segments").is_dir():
            return folder
    return run_folder(run)
