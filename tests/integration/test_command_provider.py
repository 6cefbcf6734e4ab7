"""Programs as authors: limits, environment and failures, whatever the program does."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from client_calls import ask, request, settings
from support.processes import becomes_true, processes, wait_for

from archive.history.replies import Replies
from evo.core.errors import UsageError
from evo.core.messages import Prompt, Reply, Request
from evo.llm.providers.base import ProviderError, providers
from evo.llm.settings import ModelSettings

AUTHOR = str(Path(__file__).parent / "programs" / "author.py")
SECRET = "sk-secret-of-the-agent"
REQUEST = Request("m", "agent", Prompt("You design.", "Write one."), 1, None, 100)


def agent(*arguments: str, **settings: object) -> ModelSettings:
    command = [sys.executable, "-I", "-S", AUTHOR, *arguments]
    values = {"model": "agent", "provider": "command", "command": command, "timeout_s": 20.0}
    return ModelSettings.model_validate({**values, **settings})


def asked(*arguments: str, **settings: object) -> Reply:
    model = agent(*arguments, **settings)
    variables = {**os.environ, "AGENT_KEY": SECRET, "OTHER_KEY": "another", "HOME": "/home/me"}
    provider = providers.get("command").of(model, variables)
    return asyncio.run(provider.complete(REQUEST))


def lingering() -> list[int]:
    """Processes of programs that were left behind."""
    return [process for process in processes() if "time.sleep(300)" in _command_line(process)]


def _command_line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert not lingering()
    assert not list(tmp_path.glob("evo-program-*"))


def test_a_program_gets_the_prompt_on_standard_input_or_in_a_file() -> None:
    for way in (["echo"], ["file", "{prompt_file}"]):
        reply = asked(*way)

        assert reply.text.strip() == "You design.\n\nWrite one."
        assert (reply.finish, reply.prompt_tokens > 0) == ("stop", True)


def test_a_program_works_in_an_empty_folder_of_its_own(tmp_path: Path) -> None:
    content, folder = asked("folder").text.split()

    assert content == "[]"
    assert Path(folder).is_relative_to(tmp_path)


def test_the_environment_holds_what_is_named_and_no_other_key() -> None:
    def names(**settings: object) -> set[str]:
        lines = asked("environment", **settings).text.split("\n")
        return {line.partition("=")[0] for line in lines if "=" in line}

    assert "AGENT_KEY" in names(key_env="AGENT_KEY")
    assert names() <= {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TERM", "NO_COLOR", "HOME", "TMPDIR"}
    text = asked("environment", env=["AGENT_KEY", "HOME"]).text
    assert "AGENT_KEY=[AGENT_KEY]" in text, "a secret that the program prints stays secret"
    assert "HOME=[HOME]" in text
    assert "another" not in text


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("fail", r"failed with exit code 3: no quota for \[AGENT_KEY\]"),
        ("silent", "wrote nothing"),
        ("binary", "no text"),
        ("latin", "no text"),
    ],
)
def test_a_failure_says_what_happened(way: str, reason: str) -> None:
    with pytest.raises(ProviderError, match=reason) as caught:
        asked(way, env=["AGENT_KEY"])

    assert not caught.value.fatal
    assert SECRET not in str(caught.value)


def test_a_program_that_writes_without_end_is_stopped() -> None:
    assert asked("flood").finish == "oversized"


def test_a_program_that_is_late_is_ended() -> None:
    begun = time.monotonic()

    with pytest.raises(ProviderError, match=r"no reply of python\S* within 1 s"):
        asked("sleep", timeout_s=1.0)

    assert time.monotonic() - begun < 10


def test_what_a_program_leaves_behind_is_ended_and_its_reply_taken(tmp_path: Path) -> None:
    assert "torch.sin" in asked("fork", str(tmp_path / "started")).text
    assert (tmp_path / "started").exists()


def test_a_program_that_forks_without_end_is_ended_with_all_its_children() -> None:
    with pytest.raises(ProviderError, match="no reply"):
        asked("forks", timeout_s=1.0)


@pytest.mark.parametrize("way", ["fill", "huge"])
def test_a_program_cannot_fill_the_disk(way: str) -> None:
    with pytest.raises(ProviderError, match=r"beyond 8 MB|failed with") as caught:
        asked(way, folder_mb=8)

    assert not caught.value.fatal


def test_a_folder_that_a_program_closed_is_removed() -> None:
    assert "torch.sin" in asked("locked").text


def test_a_run_that_is_interrupted_ends_its_program(tmp_path: Path) -> None:
    started = tmp_path / "started"

    async def interrupted() -> None:
        provider = providers.get("command").of(agent("fork", str(started)), {})
        task = asyncio.create_task(provider.complete(REQUEST))
        while not started.exists():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())


def test_a_program_does_not_outlive_evo(tmp_path: Path) -> None:
    started = tmp_path / "started"
    code = (
        "import asyncio, sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from test_command_provider import REQUEST, agent\n"
        "from evo.llm.providers.command import CommandProvider\n"
        "asyncio.run(CommandProvider.of(agent('forks', sys.argv[2]), {}).complete(REQUEST))"
    )
    evo = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), str(started)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
    )
    wait_for(lingering)

    evo.kill()
    evo.wait()

    assert becomes_true(lambda: not lingering() and not list(tmp_path.glob("evo-program-*")))


def test_a_reply_is_counted_and_stored_like_any_other(tmp_path: Path) -> None:
    priced = {"provider": "command", "name": "m", "model": "agent", "price_call": 0.25}
    found = settings("", model={**priced, "command": [sys.executable, AUTHOR, "answer"]})
    (first,) = ask(tmp_path, found, [request(1)])

    gone = settings("", model={**priced, "command": ["/nowhere/agent"]})
    (again,) = ask(tmp_path, gone, [request(1)])

    assert first.reply == again.reply
    assert first.cost_usd == pytest.approx(0.25, abs=0.01)
    assert Replies.read(tmp_path, campaign="c").total.requests == 1


def test_a_call_costs_what_the_program_says_it_did(tmp_path: Path) -> None:
    priced = {"provider": "command", "name": "m", "model": "agent", "price_call": 0.25}
    priced |= {"command": [sys.executable, AUTHOR, "result"], "cost_field": "total_cost_usd"}

    (exchange,) = ask(tmp_path, settings("", model=priced), [request(1)])

    assert exchange.cost_usd == pytest.approx(0.0123)
    (again,) = ask(tmp_path, settings("", model=priced), [request(1)])
    assert again.cost_usd == exchange.cost_usd
    assert Replies.read(tmp_path, campaign="c").total.cost_usd == pytest.approx(0.0123)


def test_calls_that_fail_cost_what_a_call_costs(tmp_path: Path) -> None:
    priced = {"provider": "command", "name": "m", "model": "agent", "price_call": 0.25}
    failing = {**priced, "command": [sys.executable, AUTHOR, "silent"]}
    found = settings("", model=failing, attempts=2, when_dead="tree")

    (failed,) = ask(tmp_path, found, [request(1)])

    assert (failed.reply, failed.attempts, failed.cost_usd) == (None, 2, 0.5)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ([], "wants command ="),
        (["no-such-program-of-evo"], "is not found"),
        ([AUTHOR], "is not executable"),
    ],
)
def test_a_program_that_cannot_be_started_is_a_wrong_configuration(
    command: list[str], reason: str
) -> None:
    model = ModelSettings(model="agent", provider="command", command=tuple(command))

    with pytest.raises(UsageError, match=reason):
        providers.get("command").check(model)


def test_a_program_that_is_gone_is_fatal() -> None:
    model = ModelSettings(model="agent", provider="command", command=("/nowhere/agent",))

    with pytest.raises(ProviderError, match="cannot be started: No such file") as caught:
        asyncio.run(providers.get("command").of(model, {}).complete(REQUEST))

    assert caught.value.fatal
