"""Commands that see file systems of their own; needs root."""

import ctypes
import subprocess

_CLONE_NEWNS = 0x20000
_UNSHARE = ("unshare", "-m", "bash", "-c")


def can_mount() -> bool:
    """True if this process may mount file systems for its children."""
    try:
        done = subprocess.run((*_UNSHARE, "mount -t tmpfs none /mnt"), check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def mount(script: str) -> None:
    """Give this process file systems of its own, then run a script of the shell that mounts some.

    Raises:
        OSError: it may not.
    """
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare")
    private = "mount --make-rprivate /"
    subprocess.run(["sh", "-c", f"set -e; {private}; {script}"], check=True)
