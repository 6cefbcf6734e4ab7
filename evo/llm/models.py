"""Puts the language models of a campaign together: what must be there, their keys, who is asked.

A key is read from the environment when a campaign runs, and taken out of it for as long, so that no
child process inherits it.
"""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from archive.history.history import History
from archive.history.reader import Reader
from archive.history.replies import Replies
from evo.core.errors import HistoryError, UsageError
from evo.llm.client import Correspondent
from evo.llm.correspondence import Correspondence
from evo.llm.providers.base import providers
from evo.llm.replay import Replayer
from evo.llm.settings import LlmSettings, ModelSettings
from operators.portfolio import Portfolio


def check_models(settings: LlmSettings, portfolio: Portfolio, *, replayed: bool = False) -> None:
    """Everything about language models that can be known to be wrong before one is asked.

    Args:
        settings: the models.
        portfolio: the operators that may ask them.
        replayed: whether their replies come from another campaign, so that none is asked.

    Raises:
        UsageError: operators and models do not fit, or a model's package, file or key is not there.
    """
    if portfolio.asks and not settings.models:
        raise UsageError(
            f"Operators {', '.join(portfolio.asking)} ask a language model, and llm.models names "
            "none. Name one, or set their weights to 0."
        )
    if settings.models and not portfolio.asks:
        raise UsageError(
            "llm.models names language models, and no operator asks one. Give an operator such as "
            "novel-llm a weight (see evo list), or leave the models out."
        )
    if settings.models and settings.when_dead == "tree" and not portfolio.writes:
        raise UsageError(
            'llm.when_dead = "tree" needs a syntax-tree operator with a weight, such as '
            "mutate-tree, to go on alone."
        )
    for model in settings.models:
        provider = providers.get(model.provider)
        if not replayed:
            provider.check(model)
            _key(model)


@contextmanager
def replies(history: History, *, expected: str) -> Generator[Replies]:
    """The replies of a campaign, open for adding as long as the context lasts.

    Args:
        history: the campaign's.
        expected: key of a request that must be among them; empty where there need be none.

    Raises:
        HistoryError: they are damaged, or are not all there.
    """
    found = Replies.open(history.folder, campaign=history.id)
    try:
        if expected and expected not in found:
            raise HistoryError(
                f"{found.path} lacks replies that the records were made from. Restore it from a "
                "copy: without them they would be asked for, and paid for, again."
            )
        yield found
    finally:
        found.close()


def read_replies(history: Reader) -> Replies:
    """The replies of a campaign, for reading."""
    return Replies.read(history.folder, campaign=history.id)


@contextmanager
def correspondence(
    settings: LlmSettings,
    found: Replies,
    *,
    keys: Mapping[str, str],
    source: Replies | None,
    deadline: float | None,
) -> Generator[Correspondence]:
    """Whoever has the replies of a campaign's models, as long as the context lasts.

    Args:
        settings: the models.
        found: the campaign's replies, open for adding.
        keys: by the models' labels.
        source: another campaign's, to take all replies from.
        deadline: of the campaign, on the monotonic clock.
    """
    if source is not None:
        yield Replayer(source, found)
        return
    asked = {
        model.label: providers.get(model.provider)(model, keys[model.label])
        for model in settings.models
    }
    with Correspondent(settings, asked, found, deadline=deadline) as correspondent:
        yield correspondent


@contextmanager
def withheld_keys(settings: LlmSettings, *, replayed: bool) -> Generator[Mapping[str, str]]:
    """The keys by model, and an environment without them as long as the context lasts.

    Args:
        settings: the models.
        replayed: whether nobody is asked, so that no key need be there.
    """
    keys = {model.label: "" if replayed else _key(model) for model in settings.models}
    names = {model.key_env for model in settings.models}
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield keys
    finally:
        os.environ.update(kept)


def _key(model: ModelSettings) -> str:
    """The model's key; empty where it needs none."""
    if not model.key_env:
        return ""
    key = os.environ.get(model.key_env, "")
    if not key.strip():
        raise UsageError(
            f"The model {model.label!r} wants its key in the environment variable "
            f"{model.key_env}, which is not set. Set it, or correct key_env."
        )
    return key.strip()
