"""Carry out a command of a person: it becomes a change of the campaign's history before it acts.

A command that finds everything as it wants it changes nothing, and one that was carried out before
is not carried out again. So a command may be repeated whenever its answer was lost.
"""

import shlex
from collections.abc import Callable
from typing import Any

from archive.history.changes import is_paused
from archive.history.history import History
from archive.history.reader import Reader
from evo.campaign.changes import Words, change, first_open, note_words
from evo.campaign.commands import ALL, BUDGETS, Command, CommandOutcome, Verb
from evo.campaign.config import Config, parse, read_settings
from evo.campaign.config.steering import LONGEST_HINT, MOST_HINTS, Hint
from evo.campaign.islands import check_islands
from evo.core.errors import UsageError
from evo.llm import models
from evo.proposing.operators import check_use, portfolio_of

Stop = Callable[[str], object]
"""Stops the campaign of this process, for a reason."""


def steer(history: History, command: Command, *, stop: Stop | None = None) -> CommandOutcome:
    """Carry out a command.

    Args:
        history: the campaign's, open for writing.
        command: of a person.
        stop: stops the process that runs the campaign; None where none does.

    Raises:
        UsageError: it cannot be carried out; nothing has changed.
        HistoryError: the disk refused; nothing has changed.
    """
    with history.changing:
        was_finished = _is_finished(history)
        before = next((one for one in history.changes if one.key == command.key), None)
        if before is not None:
            return CommandOutcome(False, before.first, "It was carried out before.")
        match command.verb:
            case Verb.PAUSE | Verb.RESUME:
                answer = _hold(history, command, is_running=stop is not None)
            case Verb.STOP:
                answer = _stop(history, command, stop)
            case _:
                answer = _set(history, command, is_running=stop is not None)
        return (
            answer
            if stop is not None
            else _with_next_step(answer, history, was_finished=was_finished)
        )


def _is_finished(history: History) -> bool:
    return history.generation >= history.config["generations"]


def _with_next_step(
    answer: CommandOutcome, history: History, *, was_finished: bool
) -> CommandOutcome:
    """The answer; of a campaign that had finished, with the command by which it goes on."""
    if not was_finished:
        return answer
    resume = f"evo resume {shlex.quote(str(history.folder))}"
    if _is_finished(history):
        resume += " --generations +N"
    return answer._replace(
        message=f"{answer.message} The campaign has finished; go on with {resume}."
    )


def _hold(history: History, command: Command, *, is_running: bool) -> CommandOutcome:
    pauses = command.verb is Verb.PAUSE
    following = history.generation + 1
    if is_paused(history.changes) == pauses:
        return CommandOutcome(
            False, following, "It is paused already." if pauses else "It is not paused."
        )
    note_words(history, _words(command))
    if pauses:
        when = "when the trainings in progress are done" if is_running else "when it is resumed"
        return CommandOutcome(True, following, f"It pauses {when}.")
    return CommandOutcome(
        True, following, "It goes on." if is_running else "It is no longer paused."
    )


def _stop(history: History, command: Command, stop: Stop | None) -> CommandOutcome:
    following = history.generation + 1
    if stop is None:
        return CommandOutcome(False, following, "No process runs it.")
    note_words(history, _words(command))
    stop("stopped by evo ctl")
    return CommandOutcome(True, following, "It stops when the work in progress is done.")


def _set(history: History, command: Command, *, is_running: bool) -> CommandOutcome:
    """Carry out a command that changes settings."""
    config = parse(history.config, where=str(history.folder / "config.json"))
    requested = _requested(history, config, command)
    changes = change(history, requested, check=_expect_runnable, words=_words(command))
    if not changes:
        return CommandOutcome(False, history.generation + 1, "It is so already.")
    first = changes[-1].first
    if is_running and first == history.generation + 1 and max(history.begun, 0) >= first:
        first += 1  # a limit, which reaches the process where the next generation begins
    shown = "; ".join(f"{key} = {value}" for one in changes for key, value in one.settings.items())
    match command.verb:
        case Verb.HINT:
            last = first + command.generations - 1
            message = f"In all prompts of generations {first} to {last}."
        case Verb.PIN | Verb.UNPIN | Verb.BAN | Verb.UNBAN | Verb.UNHINT | Verb.MODEL:
            message = f"{command.words}: from generation {first} on."
        case _:
            message = f"From generation {first} on: {shown}."
    return CommandOutcome(True, first, message)


def _requested(history: History, config: Config, command: Command) -> dict[str, Any]:
    """The settings that a command asks for, by dotted key."""
    arguments, requested = command.arguments, dict[str, Any]()
    match command.verb:
        case Verb.HINT | Verb.UNHINT:
            requested["steering.hints"] = _hints(history, config, command)
        case Verb.PIN | Verb.UNPIN | Verb.BAN | Verb.UNBAN:
            requested = _choices(history, config, command.verb, arguments[0])
        case Verb.BUDGET:
            requested = dict(_limit(part) for part in arguments)
        case Verb.GENERATIONS:
            requested["generations"] = arguments[0]
        case Verb.WORKERS:
            requested["workers"] = _number(arguments[0])
        case Verb.MODEL:
            requested["llm.off"] = _off(config, *arguments)
        case _:
            requested = read_settings(arguments)
    return requested


def _hints(history: History, config: Config, command: Command) -> list[dict[str, Any]]:
    first = first_open(history, config)
    hints = [hint for hint in config.steering.hints if not hint.last or hint.last >= first]
    text = command.arguments[0].strip()
    if command.verb is Verb.UNHINT:
        kept = [hint for hint in hints if text != ALL and not hint.text.startswith(text)]
        if hints and text != ALL and len(kept) == len(hints):
            raise UsageError(f"No hint that holds begins with {text[:60]!r}.")
        return [hint.model_dump(mode="json") for hint in kept]
    if not config.llm.models:
        raise UsageError("No language model is configured, so nobody would read a hint.")
    if not 0 < len(text) <= LONGEST_HINT:
        raise UsageError(f"Expected a hint of 1 to {LONGEST_HINT} characters, got {len(text)}.")
    hint = Hint(text=text, first=first, last=first + command.generations - 1)
    others = [one for one in hints if one.text != text]
    if len(others) < len(hints) and any(one.last in (0, hint.last) for one in hints):
        others = hints  # it holds as long already
    elif len(others) >= MOST_HINTS:
        raise UsageError(f"{MOST_HINTS} hints hold already. Take one back first, with unhint.")
    else:
        others = [*others, hint]
    return [one.model_dump(mode="json") for one in others]


def _choices(history: History, config: Config, verb: Verb, beginning: str) -> dict[str, Any]:
    """Lists of pinned and banned components: the latest word on one of them holds."""
    pinned, banned = list(config.steering.pinned), list(config.steering.banned)
    if verb in (Verb.UNPIN, Verb.UNBAN):
        chosen = pinned if verb is Verb.UNPIN else banned
        id_ = _only(chosen, beginning, "pinned" if verb is Verb.UNPIN else "banned")
    else:
        id_ = _archived(history, beginning)
    pinned = [one for one in pinned if one != id_ or verb in (Verb.PIN, Verb.UNBAN)]
    banned = [one for one in banned if one != id_ or verb in (Verb.BAN, Verb.UNPIN)]
    if verb is Verb.PIN and id_ not in pinned:
        pinned.append(id_)
    if verb is Verb.BAN and id_ not in banned:
        banned.append(id_)
    return {"steering.pinned": pinned, "steering.banned": banned}


def _archived(history: History, beginning: str) -> str:
    """The id of an evaluated component, by its beginning."""
    # Read apart from the writer, which another thread may be.
    records = Reader.read(history.folder).records
    ids = {r.id for r in records if r.id.startswith(beginning) and r.novelty is not None}
    return _only(sorted(ids), beginning, "evaluated in a finished generation")


def _only(ids: list[str], beginning: str, state: str) -> str:
    matches = [id_ for id_ in ids if beginning and id_.startswith(beginning)]
    if not matches:
        raise UsageError(f"No component {state} has an id that begins with {beginning[:40]!r}.")
    if len(matches) > 1:
        raise UsageError(
            f"{beginning!r} begins {len(matches)} ids: {', '.join(matches[:4])} … "
            "Give more characters."
        )
    return matches[0]


def _limit(part: str) -> tuple[str, str]:
    key, equals, value = part.partition("=")
    if not equals or key not in BUDGETS:
        raise UsageError(f"Expected one of {', '.join(BUDGETS)}, as in hours=+2; got {part!r}.")
    return f"llm.budget.{key}", value


def _off(config: Config, name: str, state: str) -> list[str]:
    if state not in ("on", "off"):
        raise UsageError(f"Expected on or off, got {state!r}.")
    labels = [model.label for model in config.llm.models]
    if name not in labels:
        raise UsageError(f"Expected a model of {', '.join(labels) or 'none'}, got {name!r}.")
    off = {*config.llm.off, name} if state == "off" else {*config.llm.off} - {name}
    return [label for label in labels if label in off]


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise UsageError(f"Expected a whole number, got {text!r}.")
    return int(text)


def _expect_runnable(config: Config) -> None:
    """Raise a `UsageError` where a campaign that runs could not go on under a configuration."""
    check_islands(config)
    portfolio = portfolio_of(config.operators, config.portfolio)
    check_use(config.llm, portfolio, replayed=True)
    models.check_prices(config.llm)


def _words(command: Command) -> Words:
    return Words(command.words, command.key)
