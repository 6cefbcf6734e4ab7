"""Send a notification: to a command's standard input, or to a webhook."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import httpx2

from evo.core.errors import EvoError


class NotSentError(EvoError):
    """A notification could not be sent; the message holds neither address nor output."""


def run_command(
    command: Sequence[str], body: bytes, *, environment: Mapping[str, str], timeout_s: float
) -> None:
    """Run a command with a notification on its standard input, and end all that it started.

    Raises:
        NotSentError: it cannot be started, fails or takes too long.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,
        )
    except OSError as error:
        raise NotSentError(f"{command[0]} cannot be started: {error.strerror}") from None
    try:
        process.communicate(body, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise NotSentError(f"{command[0]} took longer than {timeout_s:g} s") from None
    except OSError:
        pass  # it reads nothing, which is its own affair
    finally:
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode:
        raise NotSentError(f"{command[0]} ended with exit code {process.returncode}")


def post(address: str, body: bytes, *, timeout_s: float) -> None:
    """Post a notification as JSON; redirects are not followed.

    Raises:
        NotSentError: there is no such address, or it does not take the notification in time.
    """
    try:
        is_web = urlsplit(address).scheme in ("http", "https")
    except ValueError:
        is_web = False
    if not is_web:
        raise NotSentError("the webhook's address is none: expected https://…")
    try:
        status = asyncio.run(asyncio.wait_for(_post(address, body), timeout_s))
    except TimeoutError:
        raise NotSentError(f"the webhook took longer than {timeout_s:g} s") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        # Its words may hold the address.
        raise NotSentError(f"the webhook cannot be reached ({type(error).__name__})") from None
    if status >= 300:
        raise NotSentError(f"the webhook answered with HTTP {status}")


async def _post(address: str, body: bytes) -> int:
    headers = {"content-type": "application/json", "user-agent": "evo"}
    async with (
        httpx2.AsyncClient(follow_redirects=False) as client,
        client.stream("POST", address, content=body, headers=headers) as response,
    ):
        return response.status_code  # what it says beyond is of no use
