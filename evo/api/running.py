"""Run a campaign, or resume one: the functions that `evo run` and `evo resume` use as well."""

import warnings
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from os import fspath
from pathlib import Path
from typing import Any, Protocol

from archive.history import machines, stop_reason, task_changes
from archive.history.changes import Change
from archive.history.history import History
from archive.history.reader import Reader
from evo.api import campaign as campaigns
from evo.api.folders import RUNS, named_folder, numbered_folder, run_folder
from evo.api.progress_view import progress_view
from evo.api.walls import Warn, expect_walls
from evo.campaign import build, create, given, lessons
from evo.campaign import changes as changed_settings
from evo.campaign.events import (
    BudgetReached,
    Event,
    GenerationSealed,
    StopCause,
    Stopped,
)
from evo.campaign.live_status import LiveStatus
from evo.campaign.progress import OnProgress, Progress
from evo.campaign.stopping import Stopping
from evo.compute.threads import one_thread
from evo.config import Config, load, parse
from evo.core.errors import BudgetReachedError, UsageError
from evo.core.places import settle_places
from evo.llm import prices
from evo.tasks.fingerprint import changes
from evo.tracking.tracking import check_trackers, tracked

OnEvent = Callable[[Event], object]
OnGeneration = Callable[[GenerationSealed], object]


class Engine(Protocol):
    """Runs the campaign of a history, as `build.run_campaign` does."""

    def __call__(
        self, history: History, watch: OnProgress, *, unsafe_sandbox: bool, replay: Reader | None
    ) -> None:
        """Run it from where it stands to its end."""
        ...


def run(
    config: str | Path | Mapping[str, Any] | Config,
    *,
    seed: int | None = None,
    name: str | None = None,
    folder: str | Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    progress: bool | None = None,
    on_generation: OnGeneration | None = None,
    on_event: OnEvent | None = None,
    replay: str | Path | None = None,
    unsafe_sandbox: bool = False,
) -> campaigns.Campaign:
    """Start a campaign, run it to its end and return it.

    It may run in any thread. In the main thread Ctrl-C and SIGTERM stop it in order: everything is
    saved, `KeyboardInterrupt` is raised, and `evo.resume` goes on.

    Args:
        config: a preset's name, the path of a TOML file, a mapping like one, or a `Config`.
        seed: random seed; wins over the configuration.
        name: of the campaign's folder; by default the configuration's name and a number.
        folder: where campaigns are kept, by default `runs` in the working directory.
        overrides: settings that win over the configuration, by dotted key, as in
            `{"protocol.keep": 0.5}`.
        progress: whether to show progress; by default in a terminal and in a notebook.
        on_generation: called with each sealed generation.
        on_event: called with every event, before `on_generation`. An exception from either ends
            the campaign in order and is raised; what was trained is saved.
        replay: a campaign from which all replies of language models are taken; none is asked.
        unsafe_sandbox: run generated code even where the kernel lacks a wall around it.

    Raises:
        UsageError: the configuration is wrong; nothing has been spent.
        EvoError: the work failed; what was trained is saved.
    """
    source = None if replay is None else Reader.read(run_folder(replay))
    loaded = load(config, overrides=overrides, seed=seed)
    parent = RUNS if folder is None else Path(folder)
    stem = Path(fspath(config)).stem if isinstance(config, str | Path) else loaded.kind
    claimed = numbered_folder(parent, stem)
    with (
        claimed if name is None else nullcontext(named_folder(parent, name)) as place,
        start(loaded, place, replay=source, unsafe_sandbox=unsafe_sandbox, warn=_warn) as history,
        progress_view(place.name, progress) as show,
    ):
        listener = Listener(on_event, on_generation)
        work(history, listener, show, replay=source, unsafe_sandbox=unsafe_sandbox)
    return campaigns.open(place)


def resume(
    path: str | Path,
    *,
    progress: bool | None = None,
    on_generation: OnGeneration | None = None,
    on_event: OnEvent | None = None,
    replay: str | Path | None = None,
    unsafe_sandbox: bool = False,
    accept_changed_tasks: bool = False,
    changes: Mapping[str, Any] | None = None,
) -> campaigns.Campaign:
    """Run a stopped campaign to its end and return it; a finished one is returned as it is.

    Args:
        path: the campaign's folder, or its name under `runs/`.
        progress: as in `run`, and so are the others.
        on_generation: called with each generation that is sealed from now on.
        on_event: called with every event.
        replay: a campaign from which all replies of language models are taken.
        unsafe_sandbox: run generated code even where the kernel lacks a wall around it.
        accept_changed_tasks: go on where data or code of a task have changed since the campaign
            began, and write down from which generation on the new ones count.
        changes: settings to change, by dotted key, such as `{"generations": "+50"}`: limits, and
            what is proposed. The history says which generation ran under which settings.

    Raises:
        UsageError: there is no such campaign, something that it needs is missing, a task has
            changed, or a setting may not change.
        HistoryError: it is damaged, or another process runs it.
        EvoError: the work failed; what was trained is saved.
    """
    source = None if replay is None else Reader.read(run_folder(replay))
    with (
        reopen(
            run_folder(path),
            replay=source,
            unsafe_sandbox=unsafe_sandbox,
            accept_changed_tasks=accept_changed_tasks,
            changes=changes,
            warn=_warn,
        ) as history,
        progress_view(history.folder.name, progress) as show,
    ):
        listener = Listener(on_event, on_generation)
        work(history, listener, show, replay=source, unsafe_sandbox=unsafe_sandbox)
    return campaigns.open(history.folder)


class Listener:
    """Delivers events to a caller's callbacks; once one has raised, to none any more."""

    def __init__(
        self, on_event: OnEvent | None = None, on_generation: OnGeneration | None = None
    ) -> None:
        self._on_event = on_event
        self._on_generation = on_generation
        self._has_raised = False

    def __call__(self, event: Event) -> None:
        """Deliver an event; exceptions of callbacks are passed on."""
        if self._has_raised:
            return
        self._has_raised = True  # until it is known that it has not
        if self._on_event is not None:
            self._on_event(event)
        if self._on_generation is not None and isinstance(event, GenerationSealed):
            self._on_generation(event)
        self._has_raised = False


def start(
    config: Config,
    folder: Path,
    *,
    replay: Reader | None = None,
    unsafe_sandbox: bool = False,
    warn: Warn,
) -> History:
    """Check a configuration and create its campaign; nothing has been trained yet.

    Args:
        config: the campaign's.
        folder: new or empty.
        replay: a campaign from which replies of language models are taken.
        unsafe_sandbox: go on where the kernel lacks a wall.
        warn: called with what is worth a warning.

    Raises:
        UsageError: something is wrong; no folder was made.
    """
    if replay is not None:
        config = lessons.with_recorded_lessons(config, replay.folder)
    settle_places(folder.parent)
    check_trackers(config.tracking)
    config = given.with_sources(config)
    ready = create.check_config(config, replayed=replay is not None)
    for remark in _remarks(ready):
        warn(remark)
    expect_walls(unsafe=unsafe_sandbox, warn=warn)
    if config.llm.budget.dollars and (labels := prices.of_the_table(config.llm)):
        date = prices.price_table().date
        warn(f"The budget counts {', '.join(labels)} by evo's price table of {date}.")
    source = None if replay is None else parse(replay.config, where=str(replay.folder))
    resolved = create.with_absolute_paths(config, replayed=source)
    history = create.create(folder, resolved, ready=ready)
    machines.note_machine(folder, create.machine(), generation=0, before=())
    return history


def reopen(
    folder: Path,
    *,
    replay: Reader | None = None,
    unsafe_sandbox: bool = False,
    accept_changed_tasks: bool = False,
    changes: Mapping[str, Any] | None = None,
    warn: Warn,
) -> History:
    """Open a campaign to go on with it, and check again what may have changed since.

    Args:
        folder: the campaign's.
        replay: a campaign from which replies of language models are taken.
        unsafe_sandbox: go on where the kernel lacks a wall.
        accept_changed_tasks: go on where data or code of a task have changed, and write down so.
        changes: settings to change, see `evo.campaign.changes`.
        warn: called with what is worth a warning.

    Raises:
        UsageError: something that it needs is missing, a task has changed, or a setting may not.
        HistoryError: it is damaged, or another process runs it.
    """
    history = History.open(folder)
    settle_places(folder.parent)
    try:
        if changes:
            check = partial(create.check_config, replayed=replay is not None, begun=folder)
            for change in changed_settings.change(history, changes, check=check):
                warn(_words(change))
        config = parse(history.config, where=str(folder / "config.json"))
        if history.generation < config.generations:
            ready = create.check_config(config, replayed=replay is not None, begun=folder)
            for remark in _task_changes(history, ready, accept=accept_changed_tasks):
                warn(remark)
        now = create.environment()
        changed = [
            f"{name} {before} → {now.get(name, 'none')}"
            for name, before in history.environment.items()
            if name != "tasks" and now.get(name) != before
        ]
        if changed:
            warn(f"Changed since it began, so results may differ: {', '.join(changed)}")
        for name in history.strays:
            warn(f"{folder / 'segments' / name} is no segment of a campaign and is left out.")
        last = next(reversed(machines.read_stays(folder)), None)
        here = create.machine()
        if last is not None and last.machine != here and not changed:
            warn(f"It ran on another machine last ({last.name}): last digits may differ.")
        machines.note_machine(
            folder,
            here,
            generation=history.generation + 1,
            before=[outcome.id for outcome in history.outcomes.values()],
        )
        expect_walls(unsafe=unsafe_sandbox, warn=warn)
    except BaseException:
        history.close()
        raise
    return history


def _words(change: Change) -> str:
    settings = ", ".join(f"{key} = {value}" for key, value in change.settings.items())
    return f"From generation {change.first} on: {settings}."


def _remarks(ready: Mapping[str, create.ReadyTask]) -> list[str]:
    return [remark for task in ready.values() for remark in task.remarks]


def _task_changes(
    history: History, ready: Mapping[str, create.ReadyTask], *, accept: bool
) -> list[str]:
    """Warnings about tasks that have changed since the campaign began; notes an accepted change.

    Raises:
        UsageError: a task has changed, and the caller does not accept it.
    """
    known = task_changes.known_fingerprints(history)
    differences = {
        name: words
        for name, task in ready.items()
        if name in known and (words := changes(known[name], task.fingerprint))
    }
    if differences:
        fingerprints = {name: task.fingerprint for name, task in ready.items()}
        change = task_changes.TaskChange(history.generation + 1, differences, fingerprints)
        if not accept:
            raise UsageError(
                f"The campaign's tasks have changed since it began ({change}), so results before "
                "and after would not compare. Restore them, start a new campaign, or resume with "
                "--accept-changed-tasks."
            )
        task_changes.note_task_change(history, change)
    return [
        f"Tasks changed before generation {change.generation} ({change}): results before and "
        "after do not compare."
        for change in task_changes.read_task_changes(history.folder)
    ]


def work(
    history: History,
    listener: Listener,
    show: OnProgress,
    *,
    on_stopping: Callable[[], None] = lambda: None,
    engine: Engine | None = None,
    replay: Reader | None = None,
    unsafe_sandbox: bool = False,
    warn: Warn | None = None,
) -> Stopped:
    """Run a campaign from where it stands until it is finished or a budget is used up.

    Args:
        history: the campaign's.
        listener: is given every event.
        show: is given every snapshot of progress.
        on_stopping: called at the first Ctrl-C or SIGTERM, seconds before the work stops.
        engine: runs the campaign, by default `build.run_campaign`.
        replay: a campaign from which replies of language models are taken.
        unsafe_sandbox: go on where the kernel lacks a wall.
        warn: called with what is worth a warning, by default as a Python warning.

    Returns:
        The last event, which says why it stopped.

    Raises:
        KeyboardInterrupt: it was interrupted; everything is saved.
        EvoError: the work failed; what was trained is saved.
    """
    stopping = Stopping(on_stopping)
    live_status = LiveStatus(history.folder)

    def watch(progress: Progress) -> None:
        show(progress)
        live_status.keep(progress)
        for event in progress.events:
            listener(event)
        stopping.watch(progress)

    def stopped(cause: StopCause, message: str = "") -> Stopped:
        event = Stopped(history.generation, cause, message)
        listener(event)
        return event

    try:
        with (
            one_thread(),
            stop_reason.kept(history.folder),
            stopping,
            tracked(history.folder, warn=warn or _warn) as track,
        ):

            def watch_and_track(progress: Progress) -> None:
                watch(progress)
                if any(isinstance(event, GenerationSealed) for event in progress.events):
                    track()

            run_campaign = engine or build.run_campaign
            run_campaign(history, watch_and_track, unsafe_sandbox=unsafe_sandbox, replay=replay)
    except BudgetReachedError as reached:
        listener(BudgetReached(history.generation, str(reached)))
        return stopped(StopCause.BUDGET, str(reached))
    except KeyboardInterrupt:
        stopped(StopCause.INTERRUPTED, stop_reason.INTERRUPTED)
        raise
    except Exception as error:
        stopped(StopCause.FAILED, str(error))
        raise
    return stopped(StopCause.FINISHED)


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=4)
