"""Send a command to the process that runs a campaign."""

import json
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from evo.campaign.commands import Command, CommandOutcome
from evo.core.errors import EvoError, UsageError
from evo.monitoring.control.address import SOCKET_FILE, peer_user, short_name

_LONGEST_ANSWER = 1 << 20


def send_command(
    folder: Path, command: Command, *, timeout_s: float = 60.0
) -> CommandOutcome | None:
    """Send a command to the process that runs a campaign.

    A connection that breaks before the answer is made once more: the command has a key, by which
    it is carried out once.

    Args:
        folder: the campaign's.
        command: the command.
        timeout_s: how long the answer may take.

    Returns:
        The answer; None where no process listens.

    Raises:
        UsageError: the command cannot be carried out, or the campaign is another user's.
        EvoError: the process does not answer, or could not write the command down.
    """
    for _ in range(2):
        try:
            message = _exchanged(folder, command, timeout_s)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except TimeoutError:
            raise EvoError(
                f"The process of {folder.name} does not answer. Send the command again: it is "
                f"carried out once where it has the same key, --key {command.key}."
            ) from None
        except PermissionError:
            raise UsageError(
                f"{folder / SOCKET_FILE} is another user's: only the user who runs a campaign "
                "steers it."
            ) from None
        except (ConnectionError, ValueError):
            continue
        except OSError as error:
            raise EvoError(f"Cannot reach {folder / SOCKET_FILE}: {error.strerror}.") from None
        return _answer(message)
    return None


def _exchanged(folder: Path, command: Command, timeout_s: float) -> dict[str, Any]:
    """The message that answers a command.

    Raises:
        ValueError: it is no message.
    """
    with (
        short_name(folder) as place,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection,
    ):
        connection.settimeout(timeout_s)
        connection.connect(str(place / SOCKET_FILE))
        if peer_user(connection) not in (None, os.geteuid(), folder.stat().st_uid):
            raise PermissionError
        connection.sendall(json.dumps(command._asdict()).encode() + b"\n")
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while (part := connection.recv(1 << 16)) and len(received) < _LONGEST_ANSWER:
            received += part
    message = json.loads(received)
    if not isinstance(message, dict):
        raise ValueError("expected an object")
    return message


def _answer(message: dict[str, Any]) -> CommandOutcome:
    if error := message.get("error"):
        raise (UsageError if message.get("is_usage") else EvoError)(str(error))
    changed, first, words = message.get("changed"), message.get("first"), message.get("message")
    return CommandOutcome(bool(changed), first if type(first) is int else 0, str(words))
