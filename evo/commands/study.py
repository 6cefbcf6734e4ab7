"""`evo study`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive.folders import named_folder, study_folder
from evo.commands.console import err, invoked_as, print_facts, warn
from evo.commands.options import JsonOption, UnsafeSandbox
from evo.core.errors import UsageError
from evo.core.interrupts import plain_interrupts
from evo.core.places import RUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evo.studies.grid.cells import Cell
    from evo.studies.grid.running import Failure
    from evo.studies.grid.study import Study


def study(
    file: Annotated[
        str, typer.Argument(metavar="STUDY", help="TOML file, or a study that comes with evo.")
    ],
    *,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan", help="Say what each cell takes, from a short training; start nothing."
        ),
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write what was found so far as a data set into this folder; run nothing.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the folder under runs/; by default the file's.")
    ] = None,
    unsafe_sandbox: UnsafeSandbox = False,
    as_json: JsonOption = False,
) -> None:
    """Run a grid of campaigns, or go on with it: kinds, models, strategies, seeds."""
    from evo.studies.grid.cells import cells_of
    from evo.studies.grid.study import read_study

    read = read_study(file)
    cells = cells_of(read)
    stem = name or Path(file).stem
    if plan:
        from evo.report.views.study import plan_view
        from evo.studies.grid.plan import plan_facts

        with err.status("training baselines …"):
            facts = plan_facts(stem, read, cells)
        print_facts(facts, plan_view(facts), as_json=as_json)
        return
    folder = named_folder(RUNS, stem)
    if export is not None:
        _export(folder, export, licence=read.license, as_json=as_json)
        return
    failures = _run(read, cells, folder, file=file, unsafe_sandbox=unsafe_sandbox)
    from evo.report.facts.study import study_facts
    from evo.report.views.study import study_view
    from evo.studies.grid.results import cells_in

    facts = study_facts(folder.name, cells_in(folder))
    print_facts(facts, study_view(facts), as_json=as_json)
    for failure in failures:
        warn(f"Cell {failure.cell} is not finished: {failure.reason}")
    if failures:
        raise typer.Exit(1)
    err.print(
        f"Next: {invoked_as()} report {folder} -o {folder.name}.html",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )


def _export(folder: Path, target: Path, *, licence: str, as_json: bool) -> None:
    from evo.report.views.study import dataset_view
    from evo.studies.grid.dataset import export_study

    if study_folder(folder) is None:
        raise UsageError(f"Expected a study at {folder}. Run it first.")
    written = export_study(folder, target, licence=licence)
    facts = {
        "folder": str(target),
        "rows": dict(written.rows),
        "benchmarks": [bench._asdict() for bench in written.benches],
    }
    print_facts(facts, dataset_view(facts), as_json=as_json)


def _run(
    study: "Study", cells: "Sequence[Cell]", folder: Path, *, file: str, unsafe_sandbox: bool
) -> "list[Failure]":
    """Run it; Ctrl-C leaves everything saved and says how to go on."""
    from functools import partial

    from evo.report.views.live import live_view
    from evo.report.views.work import work_view
    from evo.studies.grid.confirming import confirm_cells
    from evo.studies.grid.running import run_study

    err.print(
        f"Study {folder}: {len(cells)} cells in {study.rounds} rounds. "
        "Ctrl-C stops it and loses nothing.",
        soft_wrap=True,
        markup=False,
    )
    try:
        failures = run_study(
            study,
            cells,
            folder,
            show=partial(live_view, console=err),
            warn=warn,
            unsafe_sandbox=unsafe_sandbox,
        )
        if study.confirm is None:
            return failures
        with plain_interrupts(), work_view("trained to confirm", err) as watch:
            return failures + confirm_cells(study.confirm, cells, folder, watch=watch)
    except KeyboardInterrupt:
        err.print(
            f"Stopped; everything is saved. Go on with: {invoked_as()} study {file}",
            soft_wrap=True,
            markup=False,
        )
        raise typer.Exit(130) from None
