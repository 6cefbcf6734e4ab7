"""Run a campaign, or resume one."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from os import fspath
from pathlib import Path
from typing import Any

from archive.folders import new_folder, numbered_folder, run_folder
from archive.history.reader import Reader
from evo.api import campaign as campaigns
from evo.api.listener import Listener, OnEvent, OnGeneration
from evo.api.opening import reopen, start
from evo.api.progress_view import progress_view
from evo.api.walls import as_warning
from evo.api.working import work
from evo.campaign.config import Config, load
from evo.core.places import RUNS


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
    start_from: str | Path | Sequence[str | Path] = (),
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
        start_from: campaigns to begin with, each a name or folder, or "RUN@GENERATION": their
            survivors are the first population, their components are known, and their trainings
            count where tasks and protocol are the same.
        unsafe_sandbox: run generated code even where the kernel lacks a wall around it.

    Raises:
        UsageError: the configuration is wrong; nothing has been spent.
        EvoError: the work failed; what was trained is saved.
    """
    source = None if replay is None else Reader.read(run_folder(replay))
    origins = [start_from] if isinstance(start_from, str | Path) else start_from
    if origins:
        overrides = {**(overrides or {}), "start_from": tuple(fspath(one) for one in origins)}
    loaded = load(config, overrides=overrides, seed=seed)
    parent = RUNS if folder is None else Path(folder)
    stem = Path(fspath(config)).stem if isinstance(config, str | Path) else loaded.kind
    with (
        numbered_folder(parent, stem)
        if name is None
        else nullcontext(new_folder(parent, name, to_resume='evo.resume("{}")'.format)) as place,
        start(
            loaded, place, replay=source, unsafe_sandbox=unsafe_sandbox, warn=as_warning
        ) as history,
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
            warn=as_warning,
        ) as history,
        progress_view(history.folder.name, progress) as show,
    ):
        listener = Listener(on_event, on_generation)
        work(history, listener, show, replay=source, unsafe_sandbox=unsafe_sandbox)
    return campaigns.open(history.folder)
