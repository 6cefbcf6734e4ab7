"""The socket of a running campaign: where it is, and how to reach it in a deep folder.

The address of a Unix socket takes 107 bytes, of macOS 103, and a campaign's folder may be deeper.
The folder is then reached by a short name: its descriptor under `/proc`, or a link to it.
"""

import os
import socket
import struct
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

SOCKET_FILE = "control"
_LONGEST_FOLDER = 60
"""Bytes of a folder that leave room for the names below it."""
_CREDENTIALS = struct.Struct("3i")


@contextmanager
def short_name(folder: Path) -> Generator[Path]:
    """A name of a folder that is short enough for the address of a socket in it.

    Raises:
        OSError: the folder cannot be opened.
    """
    if len(os.fsencode(folder)) <= _LONGEST_FOLDER:
        yield folder
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        under_proc = Path(f"/proc/self/fd/{descriptor}")
        if under_proc.is_dir():
            yield under_proc
            return
    finally:
        os.close(descriptor)
    with tempfile.TemporaryDirectory(prefix="evo-", dir="/tmp") as place:
        link = Path(place) / "run"
        link.symlink_to(folder.absolute(), target_is_directory=True)
        yield link


def peer_user(connection: socket.socket) -> int | None:
    """The user id of the process at the other end; None where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(packed)
    return user
