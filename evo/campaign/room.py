"""Room on disk that a campaign takes, and whether there is as much."""

import shutil
from pathlib import Path

from evo.campaign.config import Config
from evo.core.errors import UsageError

_PER_CANDIDATE = 4_000
"""Bytes of a candidate in a sealed generation; 2,000 were measured with both vectors."""
_PER_REPLY = 8_000
"""Bytes of a request and its reply; the prompts of a generation share most of theirs."""
_APART = 20_000_000
"""Bytes for the journal, pictures, and what else a campaign needs."""


def expected_bytes(config: Config) -> int:
    """Bytes that a campaign may take; while segments are merged, they are there twice."""
    candidates = config.generations * config.offspring_in(config.generations)
    per_reply = _PER_REPLY if config.llm.models else 0
    return _APART + candidates * (2 * _PER_CANDIDATE + per_reply)


def free_disk_bytes(folder: Path) -> int:
    """Bytes that are free where a folder is, or will be made."""
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free


def expect_room(config: Config, folder: Path) -> None:
    """Check that a campaign has room on disk.

    Args:
        config: the campaign's.
        folder: that its own will be in.

    Raises:
        UsageError: there is too little.
    """
    needed, free = expected_bytes(config), free_disk_bytes(folder)
    if free < needed:
        raise UsageError(
            f"{folder.absolute()} has {free / 1e6:,.0f} MB free, and the campaign may take "
            f"{needed / 1e6:,.0f} MB. Free space (evo clean), or choose another folder."
        )
