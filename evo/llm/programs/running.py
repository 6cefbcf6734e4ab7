"""Run a program with a prompt, within limits of time and size, in an empty folder.

`evo.llm.programs.keeper` watches it and ends whatever it started. Its environment is what it is
given and nothing else.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from evo.llm.programs import keeper

PROMPT = "{prompt_file}"
"""Stands for the path of a file with the prompt in a program's arguments."""
_TAIL = 4000
"""Bytes of standard error that are kept, the last ones."""
_PART = 65_536
_GRACE_S = 15.0
"""Longest that the keeper may take to end."""


class End(StrEnum):
    """The end of a run."""

    ENDED = "ended"
    MISSING = "missing"
    """The program cannot be started."""
    LATE = "late"
    LARGE = "large"
    """Its folder holds too much."""
    UNWANTED = "unwanted"
    """It wrote more than is read, or the run was cancelled."""


@dataclass(frozen=True)
class ProgramLimits:
    """Limits of one run.

    Attributes:
        timeout_s: longest time in seconds.
        most_output: bytes of its reply that are read.
        most_bytes: of all files in its folder together.
        most_files: number of files in its folder.
    """

    timeout_s: float
    most_output: int
    most_bytes: int
    most_files: int


@dataclass(frozen=True)
class ProgramRun:
    """A finished run.

    Attributes:
        end: how it ended.
        code: exit code, negative for a signal.
        output: its standard output, up to the limit.
        errors: the end of its standard error.
        said: what the system said where it could not be started.
        left: processes that it left behind, which were ended.
    """

    end: End
    code: int
    output: bytes
    errors: bytes
    said: str
    left: int


async def run_program(
    command: Sequence[str], prompt: str, environment: Mapping[str, str], limits: ProgramLimits
) -> ProgramRun:
    """Run a program and end everything that it started.

    Args:
        command: the program and its arguments; `{prompt_file}` in one stands for a file with the
            prompt. The prompt also is its standard input.
        prompt: what it is asked.
        environment: its whole environment, without a home or a temporary folder, which are its
            empty folder unless named.
        limits: of the run.

    Raises:
        OSError: there is no place for its folder.
    """
    home = Path(tempfile.mkdtemp(prefix="evo-program-"))
    try:
        folder = home / "work"
        folder.mkdir()
        path = home / "prompt.md"
        path.write_text(prompt, encoding="utf-8")
        argv = [part.replace(PROMPT, str(path)) for part in command]
        variables = {"HOME": str(folder), "TMPDIR": str(folder), **environment}
        return await _kept(argv, path, folder, variables, limits)
    finally:
        await asyncio.to_thread(keeper.remove_folder, str(home))


async def _kept(
    argv: Sequence[str],
    prompt: Path,
    folder: Path,
    environment: dict[str, str],
    limits: ProgramLimits,
) -> ProgramRun:
    reading, writing = os.pipe()
    order = {
        **asdict(limits),
        "argv": list(argv),
        "prompt": str(prompt),
        "folder": str(folder),
        "home": str(prompt.parent),
        "report": writing,
    }
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", keeper.__file__, json.dumps(order)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            pass_fds=(writing,),
            start_new_session=True,
        )
    finally:
        os.close(writing)
    try:
        assert process.stdin and process.stdout and process.stderr
        output, errors, _ = await asyncio.gather(
            _head(process.stdout, limits.most_output, when_full=process.stdin.close),
            _tail(process.stderr),
            process.wait(),
        )
    finally:
        await asyncio.shield(_ended(process))
        with os.fdopen(reading, "rb") as report:
            outcome = report.read()
    return _run(outcome, output, errors)


def _run(outcome: bytes, output: bytes, errors: bytes) -> ProgramRun:
    try:
        facts: dict[str, Any] = json.loads(outcome)
    except ValueError:
        return ProgramRun(End.MISSING, 0, output, errors, "its keeper ended early", 0)
    return ProgramRun(
        End(facts["why"]), facts["code"], output, errors, facts["said"], facts.get("left", 0)
    )


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for the keeper, which ends all below it once its standard input is closed."""
    assert process.stdin
    process.stdin.close()
    try:
        async with asyncio.timeout(_GRACE_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _head(stream: asyncio.StreamReader, most: int, when_full: Callable[[], None]) -> bytes:
    """The first bytes of a stream, one more than the most where there are more."""
    kept = bytearray()
    while part := await stream.read(_PART):
        if len(kept) <= most:
            kept += part[: most + 1 - len(kept)]
            if len(kept) > most:
                when_full()
    return bytes(kept)


async def _tail(stream: asyncio.StreamReader) -> bytes:
    kept = b""
    while part := await stream.read(_PART):
        kept = (kept + part)[-_TAIL:]
    return kept
