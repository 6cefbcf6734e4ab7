"""Create a campaign: check its configuration before anything is spent, then make its folder."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from archive.history.history import History
from archive.novelty.descriptors import DEFAULT_MODEL, NO_MODEL, TextDescriptor
from evo.campaign import lessons
from evo.campaign.config import Config
from evo.campaign.environment import environment
from evo.campaign.islands import check_islands
from evo.campaign.needs import device_of, needs_of
from evo.campaign.ready_tasks import ReadyTask, check_decided, prepare_tasks
from evo.components.kinds import kinds
from evo.compute.engines.base import engines
from evo.core.errors import UsageError
from evo.core.problems import Problems
from evo.llm import models, prices
from evo.llm.providers.base import providers
from evo.llm.settings import ModelSettings
from evo.proposing.operators import check_use, portfolio_of
from evo.tasks.base import LoopTask, tasks


def check_config(
    config: Config, *, replayed: bool = False, begun: Path | None = None
) -> dict[str, ReadyTask]:
    """Check everything that can be checked before anything is spent.

    Args:
        config: the campaign's configuration.
        replayed: whether replies of language models are taken from another campaign.
        begun: the campaign's folder, where it exists already.

    Returns:
        The tasks by name.

    Raises:
        UsageError: a name is unknown, a task breaks a rule or does not suit the kind, or the
            device, the text model or lessons are not there; it has everything that is wrong.
        HistoryError: the lessons of a campaign that has begun are lost.
    """
    problems = Problems()
    ready = check_parts(config, problems, replayed=replayed, begun=begun)
    problems.raise_all()
    return ready


def check_parts(
    config: Config, problems: Problems, *, replayed: bool = False, begun: Path | None = None
) -> dict[str, ReadyTask]:
    """Check the parts of a configuration one by one, and collect what is wrong.

    Args:
        config: the campaign's configuration.
        problems: takes what is wrong.
        replayed: whether replies of language models are taken from another campaign.
        begun: the campaign's folder, where it exists already.

    Returns:
        The tasks by name, without those that something is wrong with.

    Raises:
        HistoryError: the lessons of a campaign that has begun are lost.
    """
    ready: dict[str, ReadyTask] = {}
    with problems.of("kind"):
        kinds.get(config.kind)
    for name in () if problems.has("kind") else config.tasks:
        with problems.of("tasks"):
            batch_size = config.protocol.batch_size
            ready |= prepare_tasks(config.kind, [name], batch_size=batch_size)
    with problems.of("tasks"):
        if not problems.has("kind", "tasks"):
            check_decided(config.protocol.decided_by, ready)
    with problems.of("compute"):
        engines.get(config.compute).check(needs_of(config))
    with problems.of("device"):
        if not problems.has("compute"):
            device_of(config)
    with problems.of("selection"):
        check_islands(config)
    with problems.of("operators"):
        portfolio = portfolio_of(config.operators, config.portfolio)
    with problems.of("language models"):
        if not problems.has("operators"):
            check_use(config.llm, portfolio, replayed=replayed)
        elif not replayed:
            models.check_prices(config.llm)
    for model in () if replayed else config.llm.models:
        with problems.of("language models"):
            models.check_model(model)
    with problems.of("operators"):
        if not problems.has("operators", "kind"):
            _check_kind(config, portfolio.copying)
    with problems.of("text model"):
        if config.novelty.text_model != DEFAULT_MODEL:
            TextDescriptor(config.novelty.text_model).load()
    with problems.of("tasks"):
        if not problems.has("kind", "tasks"):
            _check_screening(config)
    with problems.of("lessons"):
        if begun is not None:
            lessons.keep_lessons(begun, config.reward)
            lessons.lessons_of(begun, config.reward)
        elif config.reward.lessons and not problems.has("kind", "tasks"):
            lessons.check_lessons(config)
    return ready


def _check_screening(config: Config) -> None:
    """Check that the reward model has networks to look at.

    Raises:
        UsageError: it has none.
    """
    first = config.tasks[0]
    if config.reward.screening is True and issubclass(tasks.get(first), LoopTask):
        raise UsageError(
            f"The reward model (reward.screening) looks at untrained networks of the first task, "
            f"and {first!r} trains by a loop of its own. Name a task with data first, or switch "
            "screening off."
        )


def _check_kind(config: Config, copying: Sequence[str]) -> None:
    """Check that protocol, islands and operators fit the kind.

    Args:
        config: the campaign's.
        copying: names of its operators that copy members between combinations.

    Raises:
        UsageError: one of them does not, or the kind has no baselines.
    """
    kind = kinds.get(config.kind)()
    if kind.strengths is None and config.protocol.strengths != (1.0,):
        raise UsageError(
            f"protocol.strengths: kind {config.kind!r} has no penalty to multiply; leave it out."
        )
    for member in kind.members:
        if not member.baselines():
            raise UsageError(
                f"Kind {member.name!r} has no baselines to compare with: expected a *.py file per "
                f"known component in {member.baselines_folder.absolute()}, found none."
            )
    if (known := len(kind.baselines())) < config.selection.islands:
        raise UsageError(
            f"Expected at most {known} selection.islands, got {config.selection.islands}: the "
            f"{known} baselines of kind {config.kind!r} are the first to live there."
        )
    if len(kind.members) == 1 and copying:
        raise UsageError(
            f"Operator {copying[0]!r} needs a combination of kinds, and kind {config.kind!r} is "
            "a single one; leave it out of the operators."
        )


def with_absolute_paths(config: Config, *, replayed: Config | None = None) -> Config:
    """The configuration with the files that it names by their absolute paths.

    So a campaign means the same files from wherever it is resumed. A name that is no file here
    stays: sentence-transformers or the server knows it.

    Args:
        config: the campaign's.
        replayed: of a campaign whose replies are taken. Its names of models stay as they were,
            because its replies are stored under them.
    """
    novelty, llm = config.novelty, config.llm
    text_model = novelty.text_model
    if text_model not in (DEFAULT_MODEL, NO_MODEL) and Path(text_model).exists():
        novelty = novelty.model_copy(update={"text_model": str(Path(text_model).absolute())})
    recorded = {model.label: model.model for model in replayed.llm.models} if replayed else {}
    paths = [recorded.get(model.label) or _absolute(model) for model in llm.models]
    named = [
        model.model_copy(update={"model": path, "command": _absolute_parts(model.command)})
        for model, path in zip(llm.models, paths, strict=True)
    ]
    llm = llm.model_copy(update={"models": tuple(named)})
    return config.model_copy(update={"novelty": novelty, "llm": llm})


def _absolute(model: ModelSettings) -> str:
    is_file = providers.get(model.provider).model_is_file and Path(model.model).exists()
    return str(Path(model.model).absolute()) if is_file else model.model


def _absolute_parts(command: Sequence[str]) -> tuple[str, ...]:
    """A program and its arguments, with the files among them by their absolute paths."""
    return tuple(
        str(Path(part).absolute()) if _looks_like_file(part) and Path(part).is_file() else part
        for part in command
    )


def _looks_like_file(part: str) -> bool:
    """True unless it is a bare word, which names a program on the path or says something else."""
    return "/" in part or bool(Path(part).suffix)


def with_grids(config: Config) -> Config:
    """The configuration with the learning rates and strengths of its kind, where it names none."""
    kind, named = kinds.get(config.kind), config.protocol.model_fields_set
    grids = {"learning_rates": kind.learning_rates, "strengths": kind.strengths}
    missing = {name: grid for name, grid in grids.items() if grid and name not in named}
    if not missing:
        return config
    protocol = config.protocol.model_copy(update=missing)
    return config.model_copy(update={"protocol": protocol})


def with_screening(config: Config) -> Config:
    """The configuration with `reward.screening` decided, where that is `auto`."""
    if config.reward.screening != "auto":
        return config
    has_data = not issubclass(tasks.get(config.tasks[0]), LoopTask)
    reward = config.reward.model_copy(update={"screening": config.is_screened and has_data})
    return config.model_copy(update={"reward": reward})


def create(
    folder: Path,
    config: Config,
    *,
    ready: Mapping[str, ReadyTask] | None = None,
    fill: Callable[[Path], object] = lambda _: None,
) -> History:
    """Make a campaign folder with the resolved configuration, the environment and fingerprints.

    The device is resolved too, so that a campaign that resumes on another machine does not silently
    compare candidates with baselines trained on another device, and so is `reward.screening`.
    Lessons are copied into the folder, and prices of language models are those of today's table.

    Args:
        folder: new or empty.
        config: the campaign's.
        ready: its tasks, as `check_config` returns them; without them, data that change later go
            unnoticed.
        fill: puts further files into the folder before it appears.
    """
    config = with_screening(with_grids(config))
    resolved = {
        "device": device_of(config),
        "reward": lessons.resolve_lessons(config.reward),
        "llm": prices.with_prices(config.llm),
    }
    config = config.model_copy(update=resolved)
    values = config.model_dump(mode="json")
    fingerprints = {name: dict(task.fingerprint) for name, task in (ready or {}).items()}
    surroundings = environment() | ({"tasks": fingerprints} if fingerprints else {})
    history = History.create(folder, config=values, environment=surroundings, fill=fill)
    lessons.keep_lessons(folder, config.reward)
    return history
