"""Folders that several of pytest's workers use, and the first that asks makes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(
    factory: pytest.TempPathFactory, worker: str, name: str, make: Callable[[Path], object]
) -> Path:
    """A folder that all workers see; who uses it changes nothing in it, or works on a copy.

    Args:
        factory: of temporary folders.
        worker: name of pytest's worker, as `worker_id` gives it.
        name: of the folder.
        make: makes it at a path.
    """
    base = factory.getbasetemp()
    folder = (base if worker == "master" else base.parent) / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            draft = folder.with_name(f"{name}.draft")
            make(draft)
            draft.rename(folder)
    return folder
