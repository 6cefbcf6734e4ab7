"""The command line: parses, calls, prints. Facts go to standard output, the rest to standard error.

Exit codes: 0 done, 1 the work failed, 2 wrong use or configuration (before anything is spent),
130 interrupted with everything saved. Imports that cost seconds wait until a command needs them,
so that `--help` and a misspelt word answer at once.
"""

# ruff: noqa: PLC0415 - late imports, for the reason above

import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from evo.console import (
    RUNS,
    err,
    invoked_as,
    next_folder,
    out,
    print_front,
    print_json,
    print_result,
    read_run,
    read_sources,
    run_folder,
    save_picture,
)
from evo.errors import EvoError, UsageError

if TYPE_CHECKING:
    from archive.history import History

app = typer.Typer(
    name="evo",
    help="Evolve machine-learning components as source code, scored by honest training.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A name under runs/, or a folder.")]
Files = Annotated[list[Path], typer.Argument(help="Python files, one component each.")]
KindName = Annotated[str, typer.Option("--kind", help="What the files define; see evo list.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Wins over the configuration; repeatable."),
]

Device = Annotated[
    str | None, typer.Option(metavar="auto|cpu|cuda", help="Wins over the configuration.")
]


def main() -> None:
    """Entry point: an error that a person can mend becomes one message and an exit code."""
    # SIGTERM is the polite kill of schedulers: it ends a campaign as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except EvoError as error:
        err.print(f"evo: {error}", style="red", highlight=False, soft_wrap=True, markup=False)
        sys.exit(2 if isinstance(error, UsageError) else 1)


@app.command()
def run(
    config: Annotated[str, typer.Argument(help="A TOML file, or a preset (see evo list).")],
    *,
    settings: Settings = None,
    seed: Annotated[int | None, typer.Option(help="Of every random draw.")] = None,
    name: Annotated[str | None, typer.Option(help="Folder under runs/; default: numbered.")] = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Start a campaign and run it to its end."""
    from evo.config import load

    loaded = load(config, [*(settings or ()), *_device(device)], seed=seed)
    from evo import build

    build.check(loaded)
    folder = RUNS / name if name else next_folder(Path(config).stem)
    with build.create(folder, loaded) as history:
        _run(history, as_json=as_json)


@app.command()
def resume(run: RunName, *, as_json: Json = False) -> None:
    """Go on with a campaign from where it stopped."""
    folder = run_folder(run)
    from archive.history import History

    with History.open(folder) as history:
        if history.generation >= history.config["generations"]:
            err.print("Finished already; this is what it came to.")
        _check_again(history)
        _run(history, as_json=as_json)


@app.command()
def status(run: RunName, *, as_json: Json = False) -> None:
    """Where a campaign stands."""
    history = read_run(run)
    from evo.report.summary import status_facts
    from evo.report.tables import facts_table

    facts = status_facts(history)
    if as_json:
        print_json(facts)
    else:
        out.print(facts_table(facts))


@app.command()
def pareto(
    run: RunName,
    *,
    plot: Annotated[Path | None, typer.Option(metavar="DIR", help="Save a picture here.")] = None,
    as_json: Json = False,
) -> None:
    """The Pareto front of performance against novelty, and the baselines on the same scale."""
    history = read_run(run)
    from evo.report.summary import pareto_facts

    if plot is not None:
        err.print(f"Picture: {save_picture(history, plot)}", soft_wrap=True, markup=False)
    if as_json:
        print_json(pareto_facts(history.records))
    else:
        print_front(history)


@app.command()
def show(
    run: RunName,
    id: Annotated[str, typer.Argument(metavar="ID", help="A candidate's id or its beginning.")],  # noqa: A002
    *,
    as_json: Json = False,
) -> None:
    """One candidate with all that is known of it."""
    history = read_run(run)
    from archive.confirmations import newest_of
    from evo.report.summary import find_record, record_facts
    from evo.report.tables import record_view

    record = find_record(history.records, id)
    confirmation = newest_of(history.folder, record.id)
    if as_json:
        print_json(record_facts(record, confirmation))
    else:
        out.print(record_view(record, confirmation))


@app.command()
def validate(files: Files, *, kind: KindName, as_json: Json = False) -> None:
    """Whether files pass the policy, the tracer and the contract of a kind."""
    sources = read_sources(files)
    from evo.inspection import validate_sources
    from evo.report.tables import rows_table

    facts = validate_sources(sources, kind)
    if as_json:
        print_json(facts)
    else:
        out.print(rows_table(facts))


@app.command()
def evaluate(
    files: Files,
    *,
    kind: KindName,
    config: Annotated[
        str, typer.Option(help="TOML file or preset whose tasks and protocol count.")
    ] = "default",
    settings: Settings = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Train files at every rung and compare them with the kind's baselines."""
    sources = read_sources(files)
    from evo.config import load

    loaded = load(config, [*(settings or ()), *_device(device), f"kind={kind}"])
    from evo import build
    from evo.inspection import evaluate_sources
    from evo.report.tables import evaluation_table

    build.check(loaded)
    with err.status("training …"):
        facts = evaluate_sources(sources, loaded)
    if as_json:
        print_json(facts)
    else:
        out.print(evaluation_table(facts))


@app.command()
def export(
    run: RunName,
    *,
    format: Annotated[str, typer.Option(help="csv, parquet or jsonl.")] = "csv",  # noqa: A002
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Default: stdout.")] = None,
) -> None:
    """All records of a campaign as a table, a row each."""
    from archive.export import export as write

    if output is None and sys.stdout.isatty() and format == "parquet":
        raise UsageError("parquet is not for a terminal: name a file with --output.")
    records = read_run(run).records
    if output is not None:
        write(records, output, format)
        err.print(f"{len(records)} records: {output}", soft_wrap=True, markup=False)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records"
        write(records, path, format)
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)


@app.command()
def confirm(
    run: RunName,
    *,
    top: Annotated[int, typer.Option(min=0, help="The best so many join the front.")] = 5,
    epochs: Annotated[int, typer.Option(min=1, help="Of every training.")] = 30,
    seeds: Annotated[int, typer.Option(min=2, max=40, help="None the search used.")] = 16,
    task: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Task beside the campaign's own; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Whether the front and the best hold: they train again, on fresh seeds and other tasks."""
    history = read_run(run)
    from archive.confirmations import read
    from evo.confirm import carry_out, plan
    from evo.report.live import work_view
    from evo.report.verdicts import verdict_table

    chosen = plan(history, top=top, epochs=epochs, seeds=seeds, beside=task)
    size = f"{len(chosen.candidates)} candidates, {len(chosen.baselines)} baselines"
    err.print(f"Confirming {size} on {', '.join(chosen.config.tasks)}.", soft_wrap=True)
    try:
        with work_view("trained", err) as watch:
            path = carry_out(chosen, watch)
    except KeyboardInterrupt:
        err.print("Stopped; what has trained is saved. The same command goes on from there.")
        raise typer.Exit(130) from None
    facts = read(path)
    if as_json:
        print_json(facts)
    else:
        out.print(verdict_table(facts))
    err.print(f"Every trial: {path}", soft_wrap=True, markup=False)


@app.command()
def fidelity(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="A panel, by default the kind's own; with --make Python files."),
    ] = None,
    *,
    kind: KindName = "activation",
    config: Annotated[
        str | None,
        typer.Option(help="TOML file or preset; by default `default`, to --make `full`."),
    ] = None,
    settings: Settings = None,
    device: Device = None,
    make: Annotated[
        Path | None, typer.Option(metavar="PANEL", help="Train the files in full, write a panel.")
    ] = None,
    as_json: Json = False,
) -> None:
    """How well the protocol's ranking agrees with full training: Kendall's tau on a panel."""
    from evo.config import load

    preset = config or ("full" if make else "default")
    loaded = load(preset, [*(settings or ()), *_device(device), f"kind={kind}"])
    from evo import build, calibration
    from evo.evaluation import panel as panels
    from evo.report.tables import facts_table, fidelity_table

    paths = files or []
    if make is not None:
        sources = [(Path(path).stem, text) for path, text in read_sources(paths)]
        build.check(loaded)
        with err.status("training in full …"):
            made = calibration.make_panel(sources, loaded)
        panels.write(made, make)
        facts = {"panel": str(make), "functions": len(made.functions), "networks": made.networks}
        print_json(facts) if as_json else out.print(facts_table(facts))
        return
    if len(paths) > 1:
        raise UsageError(f"Expected one panel, got {len(paths)} files; --make takes many.")
    panel = panels.read(paths[0] if paths else None, kind)
    build.check(loaded)
    with err.status("training …"):
        facts = calibration.fidelity_facts(calibration.fidelity(panel, loaded), panel, loaded)
    if as_json:
        print_json(facts)
    else:
        out.print(fidelity_table(facts))


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """The kinds, tasks, operators and presets there are."""
    from evo.inspection import catalogue
    from evo.report.tables import catalogue_table

    facts = catalogue()
    if as_json:
        print_json(facts)
    else:
        out.print(catalogue_table(facts))


def _run(history: "History", *, as_json: bool) -> None:
    """Run to the end with a live view; Ctrl-C leaves everything saved and says how to go on."""
    from evo import build
    from evo.report.live import live_view
    from evo.report.summary import status_facts

    folder = history.folder
    start = f"Campaign {folder}. Ctrl-C stops it and loses nothing."
    err.print(start, soft_wrap=True, markup=False)
    try:
        with live_view(folder.name, err) as watch:
            build.run(history, watch)
    except KeyboardInterrupt:
        ending = f"Stopped; everything is saved. Go on with: {invoked_as()} resume {folder}"
        err.print(ending, soft_wrap=True, markup=False)
        raise typer.Exit(130) from None
    picture = save_picture(history, folder)
    if as_json:
        print_json(status_facts(history))
        return
    print_result(history, picture)


def _device(device: str | None) -> list[str]:
    """The setting that a --device option is."""
    return [] if device is None else [f"device={device}"]


def _check_again(history: "History") -> None:
    """What may have changed since a campaign began: what it needs, and what it ran on."""
    from evo import build
    from evo.config import parse

    build.check(parse(history.config, where=str(history.folder / "config.json")))
    now = build.environment()
    changed = [
        f"{name} {before} → {now.get(name, 'none')}"
        for name, before in history.environment.items()
        if now.get(name) != before
    ]
    if changed:
        warning = f"Changed since it began, so results may differ: {', '.join(changed)}"
        err.print(warning, style="yellow", soft_wrap=True, markup=False)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
