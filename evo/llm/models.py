"""Set up the language models of a campaign: checks, API keys, recorded replies and the client.

A key is read from the environment when a campaign runs, and removed from it for as long, so that no
child process inherits it.
"""

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from archive.history.history import History
from archive.history.reader import Reader
from archive.history.replies import Replies
from evo.core.errors import HistoryError, UsageError
from evo.core.messages import Spent
from evo.llm.client import LlmClient
from evo.llm.endpoint import EndpointDeadError
from evo.llm.online import OnlineClient
from evo.llm.prices import unpriced
from evo.llm.providers.base import providers
from evo.llm.replay import ReplayClient
from evo.llm.settings import LlmSettings, ModelSettings

_SHARED = frozenset({"HOME", "PATH", "LANG", "LC_ALL", "TMPDIR", "USER", "SHELL"})
"""Variables that are no secret, and that trainings need too."""


def check_model(model: ModelSettings) -> None:
    """Check all that can be checked about a language model before the first request.

    Raises:
        UsageError: its package, file or key is missing.
    """
    providers.get(model.provider).check(model)
    _expect_variables(model)


def check_prices(settings: LlmSettings) -> None:
    """Check that a budget in dollars knows the price of every model.

    Raises:
        UsageError: the price of a model is unknown.
    """
    if settings.budget.dollars and (labels := unpriced(settings)):
        raise UsageError(
            f"llm.budget.dollars needs the price of every model, and that of {', '.join(labels)} "
            "is unknown. Set price_in and price_out of the model, in dollars per million tokens "
            "(0 where it costs nothing), or limit requests, tokens or hours instead."
        )


@contextmanager
def open_replies(history: History, *, expected: str) -> Generator[Replies]:
    """Open the recorded replies of a campaign for adding, as long as the context lasts.

    Args:
        history: the campaign's.
        expected: key of a request that must be among them; empty where none need be.

    Raises:
        HistoryError: they are damaged or incomplete.
    """
    replies = Replies.open(history.folder, campaign=history.id)
    try:
        if expected and expected not in replies:
            raise HistoryError(
                f"{replies.path} lacks replies that the records were made from. Restore it from a "
                "copy: without them they would be asked for, and paid for, again."
            )
        yield replies
    finally:
        replies.close()


def read_replies(history: Reader) -> Replies:
    """The recorded replies of a campaign, read-only."""
    return Replies.read(history.folder, campaign=history.id)


@contextmanager
def open_client(
    settings: LlmSettings,
    replies: Replies,
    *,
    keys: Mapping[str, str],
    source: Replies | None,
    others: Sequence[Replies] = (),
    is_late: Callable[[], bool],
) -> Generator[LlmClient]:
    """Open the client that answers a campaign's requests, as long as the context lasts.

    Args:
        settings: the models.
        replies: the campaign's, open for adding.
        keys: withheld variables of the environment by name.
        source: the replies of another campaign, to be used instead of asking; None asks.
        others: replies of further campaigns; what none of them was asked is asked.
        is_late: says whether the campaign's hours are used up; then no request is sent.
    """
    if source is not None:
        yield ReplayClient(source, replies)
        return
    clients = {
        model.label: providers.get(model.provider).of(model, {**os.environ, **keys})
        for model in settings.models
    }
    with OnlineClient(settings, clients, replies, others=others, is_late=is_late) as client:
        yield client


def greet(
    settings: LlmSettings, history: History, *, keys: Mapping[str, str], is_late: Callable[[], bool]
) -> None:
    """Send the models of a new campaign a first tiny request, before anything is trained.

    Raises:
        EndpointDeadError: one cannot be used; the message says why.
    """
    if not any(providers.get(model.provider).greets for model in settings.models):
        return
    with (
        open_replies(history, expected="") as replies,
        open_client(settings, replies, keys=keys, source=None, is_late=is_late) as client,
    ):
        assert isinstance(client, OnlineClient)
        client.greet()


class FirstAnswer(NamedTuple):
    """The answer of a model to a first tiny request.

    Attributes:
        label: of the model.
        refusal: why it gave none; empty where it answered.
        spent: on the request.
    """

    label: str
    refusal: str
    spent: Spent


def ask_each(settings: LlmSettings, *, keys: Mapping[str, str]) -> list[FirstAnswer]:
    """Send each model one tiny request as a campaign would, and keep nothing.

    Models that run on this machine are left out.
    """
    alone = {"attempts": 1, "when_dead": "stop", "budget": LlmSettings().budget}
    answers: list[FirstAnswer] = []
    for model in settings.models:
        if not providers.get(model.provider).greets:
            continue
        one = settings.model_copy(update={**alone, "models": (model,)})
        with TemporaryDirectory(prefix="evo-check-") as folder:
            replies = Replies.open(Path(folder), campaign="check")
            refusal = ""
            try:
                with open_client(
                    one, replies, keys=keys, source=None, is_late=lambda: False
                ) as client:
                    assert isinstance(client, OnlineClient)
                    client.greet()
            except EndpointDeadError as error:
                refusal = error.reason
            finally:
                replies.close()
            answers.append(FirstAnswer(model.label, refusal, replies.total))
    return answers


def secret_names(settings: LlmSettings) -> frozenset[str]:
    """Names of the environment variables that only language models may have."""
    names = {name for model in settings.models for name in (model.key_env, *model.env)}
    return frozenset(names - _SHARED - {""})


@contextmanager
def withheld_keys(settings: LlmSettings, *, replayed: bool) -> Generator[Mapping[str, str]]:
    """The API keys by the names of their variables, removed from the environment for as long.

    What a program is given by `env` is removed too, unless everything else needs it.

    Args:
        settings: the models.
        replayed: whether no model is asked, so that no key is needed.
    """
    if not replayed:
        for model in settings.models:
            _expect_variables(model)
    names = secret_names(settings)
    removed = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield removed
    finally:
        os.environ.update(removed)


def _expect_variables(model: ModelSettings) -> None:
    """Expect that the environment has what a model needs of it.

    Raises:
        UsageError: it lacks a key, or a variable of a program.
    """
    if model.key_env and not os.environ.get(model.key_env, "").strip():
        raise UsageError(
            f"The model {model.label!r} wants its key in the environment variable "
            f"{model.key_env}, which is not set. Set it, or correct key_env."
        )
    if missing := [name for name in model.env if name not in os.environ]:
        raise UsageError(
            f"The program of the model {model.label!r} wants the environment variable "
            f"{missing[0]}, which is not set. Set it, or correct env."
        )
