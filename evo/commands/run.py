"""Start a campaign, or go on with one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evo.commands.console import (
    RUNS,
    err,
    expect_walls,
    invoked_as,
    next_folder,
    print_json,
    print_result,
    read_run,
    run_folder,
    save_picture,
)
from evo.commands.options import (
    Device,
    JsonOption,
    RunName,
    Settings,
    UnsafeSandbox,
    device_setting,
)
from evo.core.errors import BudgetReachedError, EvoError, UsageError

if TYPE_CHECKING:
    from archive.history.history import History
    from archive.history.reader import Reader

Replay = Annotated[
    str | None,
    typer.Option(metavar="RUN", help="Take all replies of language models from there; ask none."),
]


def run(
    config: Annotated[
        str | None, typer.Argument(help="A TOML file, or a preset (see evo list).")
    ] = None,
    *,
    settings: Settings = None,
    seed: Annotated[int | None, typer.Option(help="Of every random draw.")] = None,
    name: Annotated[str | None, typer.Option(help="Folder under runs/; default: numbered.")] = None,
    device: Device = None,
    unsafe_sandbox: UnsafeSandbox = False,
    replay: Replay = None,
    as_json: JsonOption = False,
) -> None:
    """Start a campaign and run it to its end."""
    from evo.config import load

    source = read_run(replay) if replay else None
    if config is None:
        if source is None:
            raise UsageError("evo run expects a TOML file or a preset (see evo list).")
        config = str(source.folder / "config.json")
    loaded = load(config, [*(settings or ()), *device_setting(device)], seed=seed)
    from evo.campaign import create, lessons

    if source is not None:
        loaded = lessons.replayed(loaded, source.folder)
    create.check_config(loaded, replayed=source is not None)
    expect_walls(unsafe=unsafe_sandbox)
    stem = source.folder.name if source else Path(config).stem
    folder = RUNS / name if name else next_folder(stem)
    with create.create(folder, loaded) as history:
        _run(history, unsafe_sandbox=unsafe_sandbox, replay=source, as_json=as_json)


def resume(
    run: RunName,
    *,
    unsafe_sandbox: UnsafeSandbox = False,
    replay: Replay = None,
    as_json: JsonOption = False,
) -> None:
    """Go on with a campaign from where it stopped."""
    folder = run_folder(run)
    source = read_run(replay) if replay else None
    from archive.history.history import History

    with History.open(folder) as history:
        if history.generation >= history.config["generations"]:
            err.print("Finished already; this is what it came to.")
        _check_again(history, replayed=source is not None)
        expect_walls(unsafe=unsafe_sandbox)
        _run(history, unsafe_sandbox=unsafe_sandbox, replay=source, as_json=as_json)


def _run(
    history: "History", *, unsafe_sandbox: bool, replay: "Reader | None", as_json: bool
) -> None:
    """Run to the end with a live view; Ctrl-C leaves everything saved and says how to go on."""
    from archive.history import stop_reason as endings
    from evo.campaign import build
    from evo.campaign.progress import Progress
    from evo.campaign.stopping import Stopping
    from evo.report.facts.summary import status_facts
    from evo.report.views.live import live_view
    from evo.studies.scene import scene_of

    folder, ending = history.folder, ""
    go_on = f"Go on with: {invoked_as()} resume {folder}"
    start = f"Campaign {folder}. Ctrl-C stops it and loses nothing."
    err.print(start, soft_wrap=True, markup=False)
    try:
        with (
            endings.kept(folder),
            Stopping(_tell_of_stopping) as stopping,
            live_view(folder.name, err) as show,
        ):

            def watch(progress: Progress) -> None:
                show(progress)
                stopping.watch(progress)

            build.run_campaign(history, watch, unsafe_sandbox=unsafe_sandbox, replay=replay)
    except BudgetReachedError as reached:
        # That is what was asked for: the campaign ends well. Said last, where it is read.
        ending = (
            f"{reached} Stopped in generation {history.generation + 1} of "
            f"{history.config['generations']}; everything is saved."
        )
    except KeyboardInterrupt:
        err.print(f"Stopped; everything is saved. {go_on}", soft_wrap=True, markup=False)
        raise typer.Exit(130) from None
    except EvoError as error:
        error.add_note(go_on)
        raise
    if ending and history.generation < 1 and not as_json:
        err.print(f"{ending} Nothing has been proposed yet.", soft_wrap=True, markup=False)
        return
    scene = scene_of(history)
    picture = save_picture(scene, folder)
    if as_json:
        print_json(status_facts(history))
    else:
        print_result(history, scene, picture)
    if ending:
        err.print(ending, soft_wrap=True, markup=False)


def _tell_of_stopping() -> None:
    err.print("Stopping when what is in hand is done; Ctrl-C again stops at once.", soft_wrap=True)


def _check_again(history: "History", *, replayed: bool) -> None:
    """What may have changed since a campaign began: what it needs, and what it ran on."""
    from evo.campaign import create
    from evo.config import parse

    config = parse(history.config, where=str(history.folder / "config.json"))
    if history.generation < config.generations:
        create.check_config(config, replayed=replayed, begun=history.folder)
    now = create.environment()
    changed = [
        f"{name} {before} → {now.get(name, 'none')}"
        for name, before in history.environment.items()
        if now.get(name) != before
    ]
    if changed:
        warning = f"Changed since it began, so results may differ: {', '.join(changed)}"
        err.print(warning, style="yellow", soft_wrap=True, markup=False)
