"""`evo run` and `evo resume`."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from evo.api.folders import RUNS, named_folder, numbered_folder, run_at, run_folder
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
    start_from: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="RUN[@GENERATION]",
            help="Begin with the population and components of this campaign; repeatable.",
            autocompletion=complete_run,
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
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Check all that it needs, with a tiny request per model; start nothing.",
        ),
    ] = False,
    unsafe_sandbox: UnsafeSandbox = False,
    replay: Replay = None,
    as_json: JsonOption = False,
) -> None:
    """Start a campaign and run it to its end."""
    from evo.config import load

    source = read_run(replay) if replay else None
    begun = _begun_as(config, start_from or (), source, has_tasks=bool(tasks))
    overrides: dict[str, Any] = {"tasks": tuple(tasks)} if tasks else {}
    overrides |= {"start_from": tuple(start_from)} if start_from else {}

    def configuration() -> "Config":
        loaded = load(
            begun.config,
            [*(settings or ()), *device_setting(device), *_hours_setting(hours)],
            strategy=strategy,
            overrides=overrides,
            seed=seed,
        )
        return loaded.model_copy(update={"seeds": (*loaded.seeds, *(seed_with or ()))})

    if check:
        _check(configuration, source, as_json=as_json)
        return
    loaded = configuration()
    if estimate:
        _estimate(loaded, as_json=as_json)
        return
    from evo.api.opening import start

    place = nullcontext(named_folder(RUNS, name)) if name else numbered_folder(RUNS, begun.stem)
    with (
        place as folder,
        start(loaded, folder, replay=source, unsafe_sandbox=unsafe_sandbox, warn=warn) as history,
    ):
        _announce_start(folder)
        _announce_origins(history.config)
        _run(history, unsafe_sandbox=unsafe_sandbox, replay=source, as_json=as_json)


class _Begun(NamedTuple):
    """What a campaign's configuration is read from, and the stem of its name."""

    config: str | Mapping[str, Any]
    stem: str


def _begun_as(
    config: str | None, origins: Sequence[str], replay: "Reader | None", *, has_tasks: bool
) -> _Begun:
    if config is not None:
        return _Begun(config, replay.folder.name if replay else Path(config).stem)
    if origins:
        first = read_run(str(run_at(origins[0]).folder))
        config_of_first = {
            key: value
            for key, value in first.config.items()
            if key not in ("seeds", "steering", "start_from")  # what was said to that one
        }
        return _Begun(config_of_first, f"{first.folder.resolve().name}-branch")
    if replay is not None:
        return _Begun(str(replay.folder / "config.json"), replay.folder.name)
    if not has_tasks:
        raise UsageError("evo run expects a TOML file or a preset (see evo list).")
    return _Begun("default", "default")


def _announce_origins(config: Mapping[str, Any]) -> None:
    for origin in config["start_from"]:
        place = f"generation {origin['generation']} of {origin['run']}"
        if why := origin["trains_again"]:
            warn(f"Begins with {place}, whose survivors train again: {why}.")
        else:
            message = f"Begins with {place}; its trainings count."
            err.print(message, soft_wrap=True, markup=False, highlight=False)


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


def _check(
    configuration: Callable[[], "Config"], replay: "Reader | None", *, as_json: bool
) -> None:
    """Print what is well and what is wrong.

    Raises:
        typer.Exit: with code 1 where something is wrong.
    """
    from evo.api.checking import check_start, finding_facts
    from evo.report.views.start import start_view

    with err.status("checking …"):
        facts = finding_facts(check_start(configuration, RUNS, replay=replay))
    print_facts(facts, start_view(facts), as_json=as_json)
    if not facts["ok"]:
        raise typer.Exit(1)


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
                Listener(),
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


def _announce_start(folder: Path) -> None:
    message = f"Campaign {folder}. Ctrl-C stops it and loses nothing."
    err.print(message, soft_wrap=True, markup=False)


def _announce_stopping() -> None:
    err.print(
        "Stopping when the work in progress is done; Ctrl-C again stops at once.", soft_wrap=True
    )
