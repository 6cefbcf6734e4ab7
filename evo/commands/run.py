"""`evo run` and `evo resume`."""

import shlex
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evo.api.folders import RUNS, named_folder, numbered_folder, run_folder
from evo.commands.completion import complete_config, complete_run, complete_strategy
from evo.commands.console import (
    err,
    invoked_as,
    print_facts,
    print_json,
    print_result,
    read_run,
    save_picture,
    warn,
)
from evo.commands.options import (
    Device,
    JsonOption,
    RunName,
    Settings,
    UnsafeSandbox,
    device_setting,
)
from evo.core.errors import EvoError, UsageError, UselessCampaignError

if TYPE_CHECKING:
    from archive.history.history import History
    from archive.history.reader import Reader
    from evo.campaign.events import Event
    from evo.config import Config

Replay = Annotated[
    str | None,
    typer.Option(
        metavar="RUN",
        help="Take all replies of language models from this campaign; ask none.",
        autocompletion=complete_run,
    ),
]


def run(
    config: Annotated[
        str | None,
        typer.Argument(help="TOML file or preset (see evo list).", autocompletion=complete_config),
    ] = None,
    *,
    tasks: Annotated[
        list[str] | None,
        typer.Option(
            "--task",
            help="Task in place of the configured ones, by name or as a Python file; repeatable.",
        ),
    ] = None,
    settings: Settings = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            help="Search strategy, or a TOML file of settings that make one (see evo list).",
            autocompletion=complete_strategy,
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Random seed.")] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the folder under runs/; by default numbered.")
    ] = None,
    device: Device = None,
    seed_with: Annotated[
        list[str] | None,
        typer.Option(
            "--seed-with",
            metavar="FILE",
            help="A component that enters generation 1; repeatable, patterns in quotes.",
        ),
    ] = None,
    hours: Annotated[
        float | None,
        typer.Option(help="Stop after this number of hours, summed over all resumes.", min=0),
    ] = None,
    estimate: Annotated[
        bool,
        typer.Option(
            "--estimate",
            help="Say what it will take, from a minute of training; start nothing, ask no model.",
        ),
    ] = False,
    unsafe_sandbox: UnsafeSandbox = False,
    replay: Replay = None,
    as_json: JsonOption = False,
) -> None:
    """Start a campaign and run it to its end."""
    from evo.config import load

    source = read_run(replay) if replay else None
    if config is None:
        if source is None and not tasks:
            raise UsageError("evo run expects a TOML file or a preset (see evo list).")
        config = str(source.folder / "config.json") if source else "default"
    loaded = load(
        config,
        [*(settings or ()), *device_setting(device), *_hours_setting(hours)],
        strategy=strategy,
        overrides={"tasks": tuple(tasks)} if tasks else None,
        seed=seed,
    )
    if seed_with:
        loaded = loaded.model_copy(update={"seeds": (*loaded.seeds, *seed_with)})
    if estimate:
        _estimate(loaded, as_json=as_json)
        return
    from evo.api.opening import start

    stem = source.folder.name if source else Path(config).stem
    place = nullcontext(named_folder(RUNS, name)) if name else numbered_folder(RUNS, stem)
    with (
        place as folder,
        start(loaded, folder, replay=source, unsafe_sandbox=unsafe_sandbox, warn=warn) as history,
    ):
        _announce_start(folder)
        _run(history, unsafe_sandbox=unsafe_sandbox, replay=source, as_json=as_json)


def resume(
    run: RunName,
    *,
    unsafe_sandbox: UnsafeSandbox = False,
    accept_changed_tasks: Annotated[
        bool,
        typer.Option(
            "--accept-changed-tasks",
            help="Go on where data or code of a task have changed, and write down so.",
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
    """Resume a campaign where it stopped, or go on beyond what was configured."""
    folder = run_folder(run)
    source = read_run(replay) if replay else None
    from evo.api.opening import reopen

    with reopen(
        folder,
        replay=source,
        unsafe_sandbox=unsafe_sandbox,
        accept_changed_tasks=accept_changed_tasks,
        changes=_changes(generations, budget or (), settings or ()),
        warn=warn,
    ) as history:
        if history.generation >= history.config["generations"]:
            err.print("Campaign already finished; showing its results.")
            err.print(f"Go on with: {invoked_as()} resume {shlex.quote(run)} --generations +10")
        else:
            _announce_start(history.folder)
        _run(history, unsafe_sandbox=unsafe_sandbox, replay=source, as_json=as_json)


def _changes(
    generations: str | None, budget: Sequence[str], settings: Sequence[str]
) -> dict[str, Any]:
    """The settings to change, by dotted key; texts such as "+50" are sums."""
    from evo.config import read_settings

    extended = [] if generations is None else [f'generations="{generations}"']
    limits = [part.partition("=") for part in budget]
    quoted = [f'llm.budget.{key}="{value}"' for key, equals, value in limits if equals]
    if len(quoted) < len(budget):
        raise UsageError(f"--budget expects KEY=VALUE, such as dollars=+10; got {budget}.")
    return read_settings([*extended, *quoted, *settings])


def _estimate(config: "Config", *, as_json: bool) -> None:
    from evo.campaign import create
    from evo.report.views.estimate import estimate_view
    from evo.studies.estimate import estimate

    create.check_config(config, replayed=True)  # no model is asked, so no key is needed
    with err.status("training baselines for a minute …"):
        facts = estimate(create.with_grids(config))
    print_facts(facts, estimate_view(facts), as_json=as_json)


def _hours_setting(hours: float | None) -> list[str]:
    return [] if hours is None else [f"llm.budget.hours={hours}"]


def _run(
    history: "History", *, unsafe_sandbox: bool, replay: "Reader | None", as_json: bool
) -> None:
    """Run to the end with a live view; Ctrl-C leaves everything saved and says how to go on."""
    from evo.api.listener import Listener
    from evo.api.working import work
    from evo.campaign.events import StopCause
    from evo.report.facts.overview import overview_of
    from evo.report.facts.status import status_facts
    from evo.report.facts.trouble import lost_replies
    from evo.report.views.live import live_view

    folder, ending = history.folder, ""
    go_on = f"Resume with: {invoked_as()} resume {shlex.quote(str(folder))}"
    try:
        with live_view(folder.name, err) as show:
            stopped = work(
                history,
                Listener(_warn_of_budget),
                show,
                on_stopping=_announce_stopping,
                replay=replay,
                unsafe_sandbox=unsafe_sandbox,
                warn=warn,
            )
    except KeyboardInterrupt:
        err.print(f"Stopped; everything is saved. {go_on}", soft_wrap=True, markup=False)
        raise typer.Exit(130) from None
    except EvoError as error:
        if not isinstance(error, UselessCampaignError):
            error.add_note(go_on)
        raise
    if stopped.cause is StopCause.BUDGET:
        # The user asked for this: the campaign ends well. Printed last, where it is read.
        ending = (
            f"{stopped.message} Stopped in generation {history.generation + 1} of "
            f"{history.config['generations']}; everything is saved."
        )
    if ending and history.generation < 1 and not as_json:
        err.print(f"{ending} Nothing has been proposed yet.", soft_wrap=True, markup=False)
        return
    overview = overview_of(history)
    try:
        picture = save_picture(overview, folder)
    except EvoError as error:
        warn(f"No picture: {error}")  # a full disk takes nothing from what is finished
        picture = None
    if as_json:
        print_json(status_facts(history))
    else:
        print_result(history, overview, picture)
    if ending:
        err.print(ending, soft_wrap=True, markup=False)
    if lost_replies(history.records).are_all:
        raise typer.Exit(1)  # nothing has come of it; why is said above, or in the JSON document


def _warn_of_budget(event: "Event") -> None:
    from evo.campaign.events import BudgetWarning

    if isinstance(event, BudgetWarning):
        warn(event.message)


def _announce_start(folder: Path) -> None:
    message = f"Campaign {folder}. Ctrl-C stops it and loses nothing."
    err.print(message, soft_wrap=True, markup=False)


def _announce_stopping() -> None:
    err.print(
        "Stopping when the work in progress is done; Ctrl-C again stops at once.", soft_wrap=True
    )
