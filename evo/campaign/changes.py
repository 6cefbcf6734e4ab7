"""Change the settings of a campaign that has begun, where its scores stay comparable.

Limits, such as generations and budgets, hold from the generation in progress on: they change
nothing that it does. What changes the proposals holds from a generation that has not begun, so that
no reply that is paid for is lost. A change is on disk before it acts. It may be made while the
campaign runs, from another thread than the one that runs it: the next generation then begins under
it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from socket import gethostname
from typing import Any, NamedTuple

from archive.history.changes import Change, with_changes
from archive.history.history import History
from archive.history.stop_reason import EXTENDED, write_stop_reason
from evo.campaign.config import Config, parse
from evo.core.errors import UsageError

_LIMITS = (
    *("generations", "workers", "timeout_s", "llm.budget", "llm.concurrency"),
    *("compute", "cpus_per_training", "gpus_per_training", "cluster"),
    *("llm.requests_per_minute", "llm.attempts", "llm.wait_s", "llm.wait_most_s"),
    *("llm.patience", "llm.when_dead", "notify"),
)
_SEARCH = (
    *("operators", "offspring", "trainings", "population"),
    *("portfolio.adaptive", "portfolio.floor", "llm.repair", "llm.cost_weight"),
    *("llm.off", "steering"),
)
_REASONS = {
    "kind": "another kind is another campaign",
    "seed": "every random draw follows from it",
    "tasks": "scores would not be comparable with those of the generations before",
    "protocol": "scores would not be comparable with those of the generations before",
    "device": "scores would not be comparable with those of the generations before",
    "baselines": "scores would not be comparable with those of the generations before",
    "overlap": "the generations in progress were proposed by it",
    "seeds": "they enter generation 1",
    "novelty": "N-scores would not be comparable with those of the generations before",
    "selection": "the islands of all generations follow from it",
    "reward": "the reward model is fitted to all generations by it",
    "llm.models": "stored replies belong to the models as they are",
    "llm.ahead": "the generations in progress were proposed by it",
    "portfolio.window": "the past of all operators is read by it",
}


class Words(NamedTuple):
    """The words of a person that a change comes from.

    Attributes:
        command: of `evo ctl`; empty for settings of `evo resume`.
        key: of the command, which is carried out once.
    """

    command: str = ""
    key: str = ""


_NONE = Words()


def change(
    history: History,
    requested: Mapping[str, Any],
    *,
    check: Callable[[Config], object],
    words: Words = _NONE,
) -> list[Change]:
    """Change settings of a campaign; the changes become part of its history.

    Args:
        history: the campaign's, open for writing.
        requested: new values by dotted key. A text that begins with `+`, such as "+50", is added
            to the value that holds now.
        check: raises a `UsageError` where a campaign cannot run under a configuration.
        words: of the person.

    Returns:
        The changes, with the generation that each holds from; none where all is as requested.

    Raises:
        UsageError: a setting may not change, or its value is wrong; nothing has changed.
    """
    with history.changing:
        return _change(history, requested, check, words)


def expect_changes(config: Mapping[str, Any], requested: Mapping[str, Any]) -> None:
    """Expect that settings may change and can be read, before anything heavy is imported.

    Args:
        config: of the campaign, as its history has it.
        requested: as of `change`.

    Raises:
        UsageError: one may not change, or its value is wrong.
    """
    now = parse(config, where="config.json").model_dump(mode="json")
    wanted = _wanted(now, requested)
    parse(with_changes(config, [_change_of(0, wanted, _NONE)]), where="as changed")


def note_words(history: History, words: Words) -> Change:
    """Write down words that change no setting, such as "pause"."""
    with history.changing:
        noted = _change_of(history.generation + 1, {}, words)
        history.change([noted])
        return noted


def first_open(history: History, config: Config) -> int:
    """The first generation for which nothing has been proposed, also by a process that is gone.

    It is no earlier than what was changed last, so that changes hold in the order of requests.
    """
    following = history.generation + 1
    is_over = following > config.generations  # of a finished campaign nothing further was asked
    begun = not is_over and (bool(history.outcomes) or bool(config.llm.models))
    ahead = not is_over and bool(config.llm.models) and config.llm.ahead
    is_here = history.begun >= following
    first = history.begun + 1 if is_here else following + begun + ahead
    return max(first, *(change.first for change in history.changes), 1)


def _change(
    history: History,
    requested: Mapping[str, Any],
    check: Callable[[Config], object],
    words: Words,
) -> list[Change]:
    now = parse(history.config, where=str(history.folder / "config.json"))
    values = now.model_dump(mode="json")
    settings = _wanted(values, requested)
    following, first_search = history.generation + 1, first_open(history, now)
    parts = {following: _LIMITS, first_search: _SEARCH}
    if following == first_search:
        parts = {following: (*_LIMITS, *_SEARCH)}
    changes = [
        _change_of(first, part, words)
        for first, keys in parts.items()
        if (part := {key: value for key, value in settings.items() if _is_in(key, keys)})
    ]
    changed = parse(with_changes(history.config, changes), where="as changed")
    if changed.generations < max(1, history.generation):
        raise UsageError(
            f"generations: expected {max(1, history.generation)} or more, which are sealed, got "
            f"{changed.generations}."
        )
    # As the file would be read: what follows from a value, such as a whole number, is settled.
    settled = changed.model_dump(mode="json")
    changes = [
        one._replace(settings={key: _value(settled, key) for key in one.settings})
        for one in changes
    ]
    if changes:
        check(changed)
        history.change(changes)
    if now.generations <= history.generation < changed.generations:
        write_stop_reason(history.folder, EXTENDED)  # or it would seem that it was killed
    return changes


def _wanted(values: Mapping[str, Any], requested: Mapping[str, Any]) -> dict[str, Any]:
    """Values that differ from those of today, by dotted key; sums are done."""
    settings: dict[str, Any] = {}
    for key, value in requested.items():
        _expect_changeable(key)
        wanted = _sum(key, _value(values, key), value)
        if wanted != _value(values, key):
            settings[key] = wanted
    return settings


def _change_of(first: int, settings: Mapping[str, Any], words: Words) -> Change:
    time = datetime.now(UTC).isoformat(timespec="seconds")
    return Change(first, settings, time, gethostname(), words.command, words.key)


def _expect_changeable(key: str) -> None:
    """Raise a `UsageError` with the reason why a setting may not change."""
    if _is_in(key, (*_LIMITS, *_SEARCH)):
        return
    reason = next((why for name, why in _REASONS.items() if _is_in(key, (name,))), "")
    if not reason:
        parse({key.partition(".")[0]: None}, where="as changed")  # says what it may be instead
    known = ", ".join((*_LIMITS, *_SEARCH))
    raise UsageError(f"{key} cannot change: {reason}. These may: {known}.")


def _is_in(key: str, tables: tuple[str, ...]) -> bool:
    return any(key == table or key.startswith(f"{table}.") for table in tables)


def _value(values: Mapping[str, Any], key: str) -> Any:
    node: Any = values
    for part in key.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _sum(key: str, now: Any, wanted: Any) -> Any:
    """The value wanted; with a plus sign, the sum with the one that holds now."""
    if not isinstance(wanted, str):
        return wanted
    is_sum, digits = wanted.startswith("+"), wanted.removeprefix("+")
    try:
        number = int(digits) if digits.isdigit() else float(digits)
    except ValueError:
        if is_sum:
            raise UsageError(f"{key}: expected a number after +, got {wanted!r}.") from None
        return wanted
    if not is_sum:
        return number
    if not now:
        raise UsageError(f"{key} has no limit now, so there is nothing to add to. Give a value.")
    return now + number
