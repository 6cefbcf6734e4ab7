"""`evo resume`."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from archive.folders import run_folder
from evo.commands.console import err, read_run, resume_command, warn
from evo.commands.options import JsonOption, Replay, RunName, UnsafeSandbox
from evo.commands.run_to_end import announce_start, run_to_end
from evo.core.errors import UsageError


def resume(
    run: RunName,
    *,
    unsafe_sandbox: UnsafeSandbox = False,
    accept_changed_tasks: Annotated[
        bool,
        typer.Option(
            "--accept-changed-tasks",
            help="Go on where data or code of a task have changed, and record it.",
        ),
    ] = False,
    generations: Annotated[
        str | None,
        typer.Option(metavar="N|+N", help="New number of generations; with +, the number to add."),
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="Budget: requests, tokens, dollars or hours, as in dollars=+10; repeatable.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a setting that keeps scores comparable; repeatable.",
        ),
    ] = None,
    replay: Replay = None,
    as_json: JsonOption = False,
) -> None:
    """Resume a campaign where it stopped, or extend it."""
    folder = run_folder(run)
    source = read_run(replay) if replay else None
    changes = _changes(run, generations, budget or (), settings or ())
    from evo.api.opening import reopen

    with reopen(
        folder,
        replay=source,
        unsafe_sandbox=unsafe_sandbox,
        accept_changed_tasks=accept_changed_tasks,
        changes=changes,
        warn=warn,
    ) as history:
        if history.generation >= history.config["generations"]:
            err.print("Campaign already finished; showing its results.")
            err.print(f"Go on with: {resume_command(run)} --generations +10")
        else:
            announce_start(history.folder)
        run_to_end(history, unsafe_sandbox=unsafe_sandbox, replay=source, as_json=as_json)


def _changes(
    run: str, generations: str | None, budget: Sequence[str], settings: Sequence[str]
) -> dict[str, Any]:
    """The settings to change, by dotted key; texts such as "+50" are sums.

    Raises:
        UsageError: one may not change, or its value is wrong.
    """
    from evo.campaign.changes import expect_changes
    from evo.campaign.config import read_settings

    extended = [] if generations is None else [f'generations="{generations}"']
    limits = [part.partition("=") for part in budget]
    quoted = [f'llm.budget.{key}="{value}"' for key, equals, value in limits if equals]
    if len(quoted) < len(budget):
        raise UsageError(f"--budget expects KEY=VALUE, such as dollars=+10; got {budget}.")
    changes = read_settings([*extended, *quoted, *settings])
    if changes:
        expect_changes(read_run(run).config, changes)
    return changes
