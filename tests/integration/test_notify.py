"""Notifications of a campaign: what is told, to whom, and that no notifier ever stops it."""

import json
import os
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import no_training
import pytest
from support.records import evaluated

from archive.history.history import History
from evo.api.listener import Listener
from evo.api.opening import start
from evo.api.working import work
from evo.campaign.config import Config
from evo.campaign.events import BudgetWarning, EndpointDead, Event, GenerationSealed
from evo.campaign.progress import Progress
from evo.core.errors import BudgetReachedError, EvoError, UsageError
from evo.llm.endpoint import EndpointDeadError
from evo.monitoring.notify.notifier import notifying

KEY = "sk-secret-4711"


def campaign(place: Path, **notify: Any) -> History:
    values = no_training.configure(("generations=2",)).model_dump(mode="json")
    model = {"model": "m", "base_url": "http://127.0.0.1:9/v1", "key_env": "EVO_TEST_KEY"}
    config = Config.model_validate({**values, "llm": {"models": [model]}, "notify": notify})
    return no_training.create(place / "run", config)


def script(place: Path, text: str) -> str:
    path = place / "tell.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def tell(
    place: Path, *events: Event, raised: BaseException | None = None, **notify: Any
) -> tuple[list[str], float]:
    """Run a campaign whose process has these events; gives the warnings and the seconds it took."""
    warnings: list[str] = []

    def engine(history: History, watch: Any, **_: Any) -> None:
        watch(Progress(1, 2, "archive", events=events))
        if raised is not None:
            raise raised

    began = time.monotonic()
    ends = suppress(EvoError, KeyboardInterrupt, ValueError)
    with campaign(place, **notify) as history, ends:
        work(history, Listener(), lambda _: None, engine=engine, warn=warnings.append)
    return warnings, time.monotonic() - began


def told(place: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (place / "told").read_text().splitlines()]


FOUND = evaluated("f00d", generation=1)
BEST = GenerationSealed(1, 2, (), FOUND)
HALF = BudgetWarning(2, "hours", 0.5, "50% of the budget are used up: 1.0 of 2 hours.")


def appending(place: Path) -> list[str]:
    return [script(place, f"cat >> {place}/told; echo >> {place}/told")]


@pytest.mark.parametrize(
    ("raised", "last"),
    [
        (None, [("finished", "Finished: -1 generations.")]),
        (KeyboardInterrupt(), [("stopped", "Stopped: interrupted by Ctrl-C or SIGTERM")]),
        (KeyboardInterrupt("stopped by evo ctl"), [("stopped", "Stopped: stopped by evo ctl")]),
        (BudgetReachedError("All spent."), [("stopped", "Stopped: All spent.")]),
        (ValueError(f"odd {KEY}"), [("stopped", "Stopped: failed: ValueError")]),
        (
            EndpointDeadError("m is away.", reason="connection refused"),
            [("endpoint", "m is away."), ("stopped", "Stopped: m is away.")],
        ),
    ],
)
def test_a_command_is_told_of_each_occasion(tmp_path, raised, last) -> None:
    warnings, _ = tell(tmp_path, BEST, HALF, raised=raised, command=appending(tmp_path))

    notices = told(tmp_path)
    assert [(n["event"], n["message"]) for n in notices] == [
        ("best", f"New best in generation 1: f00d, margin {FOUND.scored.margin.value:+.3f}."),
        ("budget", HALF.message),
        *last,
    ]
    assert notices[0]["best"]["id"] == "f00d"
    assert notices[1]["text"] == f"evo run: {HALF.message}"
    assert {n["campaign"] for n in notices} == {"run"}
    assert warnings == []


def test_only_occasions_that_are_asked_for_are_told(tmp_path) -> None:
    old = GenerationSealed(2, 2, (), FOUND)
    tell(tmp_path, BEST, HALF, old, command=appending(tmp_path), on=["best", "stopped"])

    assert [(n["event"], n["generation"]) for n in told(tmp_path)] == [("best", 1)]


def test_no_key_reaches_the_command_or_what_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("EVO_TEST_KEY", KEY)
    where = script(
        tmp_path, f"env > {tmp_path}/env; cat >> {tmp_path}/told; echo >> {tmp_path}/told"
    )

    tell(tmp_path, EndpointDead(1, f"HTTP 401: no, Bearer {KEY}"), command=[where])

    assert told(tmp_path)[0]["message"] == "HTTP 401: no, Bearer [key]"
    assert KEY not in (tmp_path / "told").read_text()
    assert KEY not in (tmp_path / "env").read_text()
    assert os.environ["EVO_TEST_KEY"] == KEY


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sleep 60 & sleep 60", "took longer than 0.5 s"),
        ("exit 3", "ended with exit code 3"),
    ],
)
def test_a_command_that_hangs_or_fails_is_said_once_and_ended(tmp_path, text, reason) -> None:
    command = [script(tmp_path, text)]
    warnings, seconds = tell(tmp_path, BEST, HALF, BEST, command=command, timeout_s=0.5)

    assert len(warnings) == 1
    assert reason in warnings[0]
    assert seconds < 30


def test_a_command_that_is_not_there_is_said(tmp_path) -> None:
    warnings, _ = tell(tmp_path, HALF, command=["./not-there"])

    assert warnings == [
        "A notification was not sent: ./not-there cannot be started: No such file or directory. "
        "The campaign goes on."
    ]


def test_a_flood_costs_the_campaign_nothing(tmp_path) -> None:
    command = [script(tmp_path, "sleep 60")]
    warnings, seconds = tell(tmp_path, *[HALF] * 500, command=command, timeout_s=0.5)

    assert len(warnings) == 1
    assert seconds < 30


class Hook:
    """A webhook that keeps what is posted, and answers as it is told to."""

    def __init__(self, answer: str = "200") -> None:
        self.bodies: list[bytes] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                if answer == "drip":
                    for sign in b"HTTP/1.1 200 OK\r\n" * 1000:
                        self.wfile.write(bytes([sign]))
                        time.sleep(0.1)
                self.send_response(int(answer))
                self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/T0/secret-path"


@pytest.fixture
def hooks(monkeypatch) -> Iterator[Any]:
    made: list[Hook] = []

    def make(answer: str = "200") -> Hook:
        made.append(hook := Hook(answer))
        threading.Thread(target=hook.server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("EVO_HOOK", hook.address)
        return hook

    yield make
    for hook in made:
        threading.Thread(target=hook.server.shutdown, daemon=True).start()
        hook.server.server_close()


@pytest.mark.enable_socket
def test_a_webhook_gets_the_same_json(tmp_path, hooks) -> None:
    hook = hooks()

    warnings, _ = tell(tmp_path, HALF, webhook_env="EVO_HOOK")

    assert [json.loads(body)["event"] for body in hook.bodies] == ["budget", "finished"]
    assert warnings == []


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("answer", "reason"), [("500", "HTTP 500"), ("302", "HTTP 302"), ("drip", "longer than 0.5 s")]
)
def test_a_webhook_that_fails_or_hangs_is_said_once_without_its_address(
    tmp_path, hooks, answer, reason
) -> None:
    hook = hooks(answer)

    warnings, seconds = tell(tmp_path, HALF, webhook_env="EVO_HOOK", timeout_s=0.5)

    assert len(warnings) == 1
    assert reason in warnings[0]
    assert "secret-path" not in warnings[0]
    assert 1 <= len(hook.bodies) <= 2  # no redirect is followed
    assert seconds < 30


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://x/", "http://[", "nonsense"])
def test_what_is_no_address_of_the_web_is_not_opened(tmp_path, monkeypatch, address) -> None:
    monkeypatch.setenv("EVO_HOOK", address)

    warnings, _ = tell(tmp_path, HALF, webhook_env="EVO_HOOK")

    assert warnings == [
        "A notification was not sent: the webhook's address is none: expected https://…. "
        "The campaign goes on."
    ]


def test_a_webhook_without_an_address_is_an_error_before_anything_is_spent(tmp_path) -> None:
    config = no_training.configure(("notify.webhook_env=EVO_NO_HOOK",))

    with pytest.raises(UsageError, match="EVO_NO_HOOK holds no address"):
        start(config, tmp_path / "run", warn=print)
    assert not (tmp_path / "run").exists()


def test_without_a_notifier_nothing_is_started(tmp_path) -> None:
    before = threading.active_count()
    with campaign(tmp_path) as history, notifying(history, warn=print) as notify:
        notify(HALF)

        assert threading.active_count() == before
