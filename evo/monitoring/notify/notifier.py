"""Notify of what happens to a campaign, in a thread of its own.

A notifier that hangs, fails or floods costs the campaign nothing: each notification has a limit of
time, few wait at a time, and the first failure of a process is said once.
"""

import json
import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from archive.history.history import History
from evo.campaign.config.notify import NotifySettings
from evo.campaign.events import Event
from evo.core.errors import UsageError, Warn
from evo.monitoring.notify.notice import body_of, notice_of
from evo.monitoring.notify.senders import NotSentError, post, run_command

Notify = Callable[[Event], None]

_MOST_WAITING = 20
_SHORTEST_SECRET = 6
"""Characters from which the value of a key is struck out: a shorter one would hit plain words."""


def check_notify(settings: NotifySettings) -> None:
    """Check that the variable of a webhook is set, and that the command can be started.

    Raises:
        UsageError: one of them is not so.
    """
    if settings.command and shutil.which(settings.command[0]) is None:
        raise UsageError(
            f"notify.command: {settings.command[0]} is no program that can be started from "
            f"{Path.cwd()}. Correct its path, or make it executable."
        )
    if settings.webhook_env and not os.environ.get(settings.webhook_env, "").strip():
        raise UsageError(
            f"notify.webhook_env: the environment variable {settings.webhook_env} holds no "
            "address. Set it, or leave webhook_env out."
        )


@contextmanager
def notifying(history: History, *, warn: Warn) -> Generator[Notify]:
    """Yield a function that notifies of events; at the end, what waits is sent within limits.

    Args:
        history: the campaign's, whose settings may change meanwhile.
        warn: called once, with the reason, where a notification cannot be sent.
    """
    sender = _Sender(history, warn)
    try:
        yield sender.tell
    finally:
        sender.end()


class _Notification(NamedTuple):
    """A notification that waits, and the settings by which it is sent."""

    body: bytes
    settings: NotifySettings


class _Sender:
    """Sends notifications one after the other, in a thread that never holds up the process."""

    def __init__(self, history: History, warn: Warn) -> None:
        models: list[dict[str, Any]] = history.config.get("llm", {}).get("models", [])
        # Read before the campaign runs: keys are not in the environment then, nor shall they be.
        names = {str(model.get("key_env", "")) for model in models}
        self._keys = [os.environ.get(name, "").strip() for name in names if name]
        self._environment = {k: v for k, v in os.environ.items() if k not in names}
        self._history = history
        self._warn = warn
        self._has_failed = False
        self._longest_s = 0.0
        self._waiting: queue.Queue[_Notification | None] = queue.Queue(_MOST_WAITING)
        self._thread: threading.Thread | None = None

    def tell(self, event: Event) -> None:
        notice = notice_of(event)
        if notice is None:
            return
        settings = NotifySettings.model_validate(self._history.config.get("notify", {}))
        if notice.occasion not in settings.on or not (settings.command or settings.webhook_env):
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="notify", daemon=True)
            self._thread.start()
        secrets = [s for s in (*self._keys, _address(settings)) if len(s) >= _SHORTEST_SECRET]
        body = json.dumps(body_of(notice, self._history, secrets=secrets)).encode()
        self._longest_s = max(self._longest_s, settings.timeout_s)
        try:
            self._waiting.put_nowait(_Notification(body, settings))
        except queue.Full:
            self._fail("too many wait")

    def end(self) -> None:
        if self._thread is None:
            return
        until = time.monotonic() + 2 * self._longest_s
        with suppress(queue.Full):
            self._waiting.put(None, timeout=self._longest_s)
        self._thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        while (notification := self._waiting.get()) is not None:
            for send in self._ways(notification.settings):
                try:
                    send(notification.body)
                except NotSentError as error:
                    self._fail(str(error))
                except Exception as error:  # noqa: BLE001 - no notification ends a campaign
                    self._fail(type(error).__name__)

    def _ways(self, settings: NotifySettings) -> Iterator[Callable[[bytes], None]]:
        limit, hook = settings.timeout_s, settings.webhook_env
        if command := settings.command:
            environment = {k: v for k, v in self._environment.items() if k != hook}
            yield partial(run_command, command, environment=environment, timeout_s=limit)
        if hook:
            yield partial(post, _address(settings), timeout_s=limit)

    def _fail(self, reason: str) -> None:
        if not self._has_failed:
            self._has_failed = True
            self._warn(f"A notification was not sent: {reason}. The campaign goes on.")


def _address(settings: NotifySettings) -> str:
    return os.environ.get(settings.webhook_env, "").strip() if settings.webhook_env else ""
