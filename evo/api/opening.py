"""Open a campaign's history to run it: a new one, or one that goes on; both are checked first."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from archive.folders import run_at, run_folder
from archive.history import machines
from archive.history.changes import Change, is_paused
from archive.history.history import History
from archive.history.reader import Reader
from evo.api.walls import expect_walls
from evo.campaign import changes as changed_settings
from evo.campaign import create, given, lessons
from evo.campaign.branch import Branch, BranchPoint, branch, branch_again
from evo.campaign.config import Config, parse
from evo.campaign.config.given import Origin
from evo.campaign.environment import environment, machine
from evo.campaign.needs import warnings_of_waiting
from evo.campaign.ready_tasks import ReadyTask, changes_of_tasks
from evo.campaign.room import expect_room
from evo.components.kinds import kinds
from evo.core.contract import SEPARATOR
from evo.core.errors import Warn
from evo.core.places import settle_places
from evo.core.problems import Problems
from evo.llm import prices
from evo.monitoring.notify.notifier import check_notify
from evo.monitoring.tracking.tracking import check_trackers


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
    settle_places(folder.parent)
    problems = Problems()
    prepared = prepare_start(config, folder.parent, problems, replay=replay)
    with problems.of("walls"):
        expect_walls(unsafe=unsafe_sandbox, warn=warn)
    problems.raise_all()
    config, ready, branched = prepared
    for remark in (*_remarks(ready), *_doubts(config.kind), *warnings_of_waiting(config)):
        warn(remark)
    if config.llm.budget.dollars and (labels := prices.of_the_table(config.llm)):
        date = prices.price_table().date
        warn(f"The budget counts {', '.join(labels)} by evo's price table of {date}.")
    source = None if replay is None else parse(replay.config, where=str(replay.folder))
    resolved = create.with_absolute_paths(config, replayed=source)
    history = create.create(folder, resolved, ready=ready, fill=branched.fill)
    if replay is not None and replay.begun_with == history.begun_with:
        # What was said to it is said again, where nothing else was asked for.
        history.change([change for change in replay.changes if change.settings])
    machines.note_machine(folder, machine(), generation=0, before=())
    return history


class Prepared(NamedTuple):
    """A configuration that can begin, as far as nothing was found wrong with it.

    Attributes:
        config: with sources in place of files, and with the campaigns that it begins with.
        ready: its tasks by name.
        branch: what it takes of other campaigns.
    """

    config: Config
    ready: Mapping[str, ReadyTask]
    branch: Branch


def prepare_start(
    config: Config, parent: Path, problems: Problems, *, replay: Reader | None = None
) -> Prepared:
    """Check all that every start checks, which takes seconds and asks nobody.

    Args:
        config: the campaign's.
        parent: folder that its own will be in.
        problems: takes what is wrong.
        replay: a campaign from which replies of language models are taken.
    """
    if replay is not None:
        config = lessons.with_recorded_lessons(config, replay.folder)
    kept = _is_kept(config, replay)  # what the replayed campaign began with
    places: list[BranchPoint] = []
    with problems.of("start_from"):
        places = [] if kept else _places(config)
    if config.reward.lessons_sha256 and not Path(config.reward.lessons).exists():
        for place in places:  # their configuration may be that of the new campaign
            config = lessons.with_recorded_lessons(config, place.folder)
    with problems.of("trackers"):
        check_trackers(config.tracking)
    with problems.of("notifications"):
        check_notify(config.notify)
    with problems.of("components"):
        if not any(name not in kinds.names() for name in config.kind.split(SEPARATOR)):
            config = given.with_sources(config)
    ready = create.check_parts(config, problems, replayed=replay is not None)
    branched = Branch(config)
    with problems.of("start_from"):
        if problems.has("kind", "tasks", "device", "start_from"):
            pass
        elif kept and replay is not None:
            branched = branch_again(config, ready, replay)
        else:
            branched = _branch(config, places, ready)
    with problems.of("disk"):
        expect_room(config, parent)
    return Prepared(branched.config, ready, branched)


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
        accept_changed_tasks: go on where data or code of a task have changed, and record it.
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
        if is_paused(history.changes):
            warn(f"It is paused: evo ctl {folder.name} resume lets it go on.")
        config = parse(history.config, where=str(folder / "config.json"))
        if history.generation < config.generations:
            ready = create.check_config(config, replayed=replay is not None, begun=folder)
            for remark in changes_of_tasks(history, ready, accept=accept_changed_tasks):
                warn(remark)
        now = environment()
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
        here = machine()
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


def _is_kept(config: Config, replay: Reader | None) -> bool:
    """True if a campaign begins with what the one that it replays began with."""
    if replay is None or not config.start_from:
        return False
    origins = [one.model_dump() for one in config.start_from if isinstance(one, Origin)]
    return origins == list(replay.config.get("start_from", ()))


def _places(config: Config) -> list[BranchPoint]:
    """The campaigns that a new one begins with.

    Raises:
        UsageError: there is none of that name.
    """
    return [
        BranchPoint(*run_at(origin))
        if isinstance(origin, str)
        else BranchPoint(run_folder(origin.run), origin.generation)
        for origin in config.start_from
    ]


def _branch(
    config: Config, places: Sequence[BranchPoint], ready: Mapping[str, ReadyTask]
) -> Branch:
    """Beginning of a campaign that takes over from others.

    Raises:
        UsageError: something cannot be taken.
    """
    if not config.start_from:
        return Branch(config)
    branched = branch(config, places, ready)
    if branched.config.reward != config.reward:
        lessons.check_lessons(branched.config)
    return branched


def _words(change: Change) -> str:
    settings = ", ".join(f"{key} = {value}" for key, value in change.settings.items())
    return f"From generation {change.first} on: {settings}."


def _doubts(kind_name: str) -> list[str]:
    """A warning about wins of a kind whose cheap rungs were found to judge little."""
    return [
        f"Kind {member.name}: {member.doubt}. A win means little before `evo confirm`."
        for member in kinds.get(kind_name)().members
        if member.doubt
    ]


def _remarks(ready: Mapping[str, ReadyTask]) -> list[str]:
    return [remark for task in ready.values() for remark in task.remarks]
