"""What a campaign is: its format, its configuration, what it runs on, and the id of these.

    campaign.json     format, id, and all that the two others say
    config.json       the resolved configuration, for people and other tools
    environment.json  versions and machine, likewise

The id is the SHA-256 of configuration and environment. Journal and segments carry it, so a file of
another campaign is known, and no changed setting can pass for the one that a history was made with.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from archive.store import disk
from evo.core.errors import HistoryError, unknown_format

CAMPAIGN_FORMAT = 1
LESSONS = "lessons.parquet"
"""What a campaign was given to begin with, where its configuration has the file's SHA-256."""


class Description(NamedTuple):
    """A campaign's configuration and environment, both JSON-able."""

    config: Mapping[str, Any]
    environment: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The campaign's id, 64 hexadecimal digits."""
        content = {"config": self.config, "environment": self.environment}
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def write(self, folder: Path) -> None:
        """Write all three files durably, `campaign.json` last: a folder without it is no campaign.

        Raises:
            HistoryError: the disk refused.
        """
        for name, content in self._files().items():
            disk.replace(folder / name, _text(content))

    def differing(self, folder: Path) -> dict[str, str]:
        """The files of these three that do not say so, and what is wrong with each."""
        problems: dict[str, str] = {}
        for name, content in self._files().items():
            try:
                found = read_json(folder / name)
            except HistoryError as error:
                problems[name] = str(error)
            else:
                if found != content:
                    problems[name] = f"{folder / name} is not what the campaign began with"
        return problems

    def _files(self) -> dict[str, Mapping[str, Any]]:
        whole = {"format": CAMPAIGN_FORMAT, "id": self.id}
        return {
            "config.json": self.config,
            "environment.json": self.environment,
            "campaign.json": {**whole, "config": self.config, "environment": self.environment},
        }


def describe(folder: Path) -> Description:
    """The description of a campaign whose format we know, every value of it checked.

    Raises:
        HistoryError: it is no campaign, damaged, or of another format; the message names the file.
    """
    if not (folder / "campaign.json").is_file():
        raise HistoryError(f"{folder} is no campaign: it has no campaign.json. Check the path.")
    content = read_json(folder / "campaign.json")
    form = content.get("format")
    if form != CAMPAIGN_FORMAT:
        raise unknown_format(folder, form, known=CAMPAIGN_FORMAT)
    described = self_described(content)
    if described is None:
        raise HistoryError(
            f"{folder / 'campaign.json'} is damaged: it does not match its id. "
            "evo check --repair restores it where it can."
        )
    for problem in described.differing(folder).values():
        raise HistoryError(f"{problem.rstrip('.')}. evo check --repair restores it.")
    return described


def self_described(content: Mapping[str, Any]) -> Description | None:
    """What the content of a `campaign.json` says, if it matches its own id."""
    config, environment = content.get("config"), content.get("environment")
    if not isinstance(config, dict) or not isinstance(environment, dict):
        return None
    described = Description(config, environment)
    return described if described.id == content.get("id") else None


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        HistoryError: it is missing or damaged.
    """
    try:
        with disk.reading(path):
            content = json.loads(path.read_bytes())
    except ValueError as error:
        raise HistoryError(f"{path} is damaged: {error}. Restore it from a copy.") from error
    if not isinstance(content, dict):
        raise HistoryError(f"{path} is damaged: it holds no object. Restore it from a copy.")
    return content


def _text(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(dict(content), indent=2) + "\n").encode()
