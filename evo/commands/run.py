"""Start a campaign, or go on with one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evo.commands.options import (
    Device,
    Json,
    RunName,
    Settings,
    UnsafeSandbox,
    device_setting,
)
from evo.console import (
    RUNS,
    err,
    expect_walls,
    invoked_as,
    next_folder,
    print_json,
    print_result,
    run_folder,
    save_picture,
)

if TYPE_CHECKING:
    from archive.history import History


def run(
    config: Annotated[str, typer.Argument(help="A TOML file, or a preset (see evo list).")],
    *,
    settings: Settings = None,
    seed: Annotated[int | None, typer.Option(help="Of every random draw.")] = None,
    name: Annotated[str | None, typer.Option(help="Folder under runs/; default: numbered.")] = None,
    device: Device = None,
    unsafe_sandbox: UnsafeSandbox = False,
    as_json: Json = False,
) -> None:
    """Start a campaign and run it to its end."""
    from evo.config import load

    loaded = load(config, [*(settings or ()), *device_setting(device)], seed=seed)
    from evo import build

    build.check(loaded)
    expect_walls(unsafe=unsafe_sandbox)
    folder = RUNS / name if name else next_folder(Path(config).stem)
    with build.create(folder, loaded) as history:
        _run(history, unsafe_sandbox=unsafe_sandbox, as_json=as_json)


def resume(run: RunName, *, unsafe_sandbox: UnsafeSandbox = False, as_json: Json = False) -> None:
    """Go on with a campaign from where it stopped."""
    folder = run_folder(run)
    from archive.history import History

    with History.open(folder) as history:
        if history.generation >= history.config["generations"]:
            err.print("Finished already; this is what it came to.")
        _check_again(history)
        expect_walls(unsafe=unsafe_sandbox)
        _run(history, unsafe_sandbox=unsafe_sandbox, as_json=as_json)


def _run(history: "History", *, unsafe_sandbox: bool, as_json: bool) -> None:
    """Run to the end with a live view; Ctrl-C leaves everything saved and says how to go on."""
    from evo import build
    from evo.report.live import live_view
    from evo.report.summary import status_facts

    folder = history.folder
    start = f"Campaign {folder}. Ctrl-C stops it and loses nothing."
    err.print(start, soft_wrap=True, markup=False)
    try:
        with live_view(folder.name, err) as watch:
            build.run(history, watch, unsafe_sandbox=unsafe_sandbox)
    except KeyboardInterrupt:
        ending = f"Stopped; everything is saved. Go on with: {invoked_as()} resume {folder}"
        err.print(ending, soft_wrap=True, markup=False)
        raise typer.Exit(130) from None
    picture = save_picture(history, folder)
    if as_json:
        print_json(status_facts(history))
        return
    print_result(history, picture)


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
