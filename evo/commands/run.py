"""`evo run`."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from archive.folders import new_folder, numbered_folder, run_at
from evo.commands.completion import complete_config, complete_run, complete_strategy
from evo.commands.console import err, print_facts, read_run, resume_command, warn
from evo.commands.options import (
    Device,
    JsonOption,
    Replay,
    SettingsOption,
    UnsafeSandbox,
    device_setting,
)
from evo.commands.run_to_end import announce_start, run_to_end
from evo.core.errors import UsageError
from evo.core.places import RUNS
from evo.studies.catalogue import expect_names

if TYPE_CHECKING:
    from archive.history.reader import Reader
    from evo.campaign.config import Config


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
    settings: SettingsOption = None,
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
    from evo.campaign.config import load

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
    expect_names(loaded)
    for origin in start_from or ():
        run_at(origin)
    if estimate:
        _estimate(loaded, as_json=as_json)
        return
    place = (
        nullcontext(new_folder(RUNS, name, to_resume=resume_command))
        if name
        else numbered_folder(RUNS, begun.stem)
    )
    from evo.api.opening import start

    with (
        place as folder,
        start(loaded, folder, replay=source, unsafe_sandbox=unsafe_sandbox, warn=warn) as history,
    ):
        announce_start(folder)
        _announce_origins(history.config)
        run_to_end(history, unsafe_sandbox=unsafe_sandbox, replay=source, as_json=as_json)


class _Begun(NamedTuple):
    """The source of a campaign's configuration, and the stem of its name."""

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
        facts = estimate(create.with_screening(create.with_grids(config)))
    print_facts(facts, estimate_view(facts), as_json=as_json)


def _hours_setting(hours: float | None) -> list[str]:
    return [] if hours is None else [f"llm.budget.hours={hours}"]
