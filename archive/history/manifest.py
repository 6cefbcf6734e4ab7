"""The manifest of a campaign: format, id, configuration and environment.

    campaign.json     format and id, with copies of the next two
    config.json       the resolved configuration, for people and other tools
    environment.json  versions and machine, likewise

The id is the SHA-256 of configuration and environment. Journal and segments carry it, so that a
file of another campaign and a setting that was changed afterwards are both detected.
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
"""The copy of `reward.lessons`, whose SHA-256 is in the configuration."""


class Manifest(NamedTuple):
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
            HistoryError: a file could not be written.
        """
        for name, content in self._files().items():
            disk.replace(folder / name, _text(content))

    def differing(self, folder: Path) -> dict[str, str]:
        """Problems by name of file: those of the three files that differ from this manifest."""
        problems: dict[str, str] = {}
        for name, content in self._files().items():
            try:
                content_on_disk = read_json(folder / name)
            except HistoryError as error:
                problems[name] = str(error)
            else:
                if content_on_disk != content:
                    problems[name] = f"{folder / name} was changed since the campaign began"
        return problems

    def _files(self) -> dict[str, Mapping[str, Any]]:
        whole = {"format": CAMPAIGN_FORMAT, "id": self.id}
        return {
            "config.json": self.config,
            "environment.json": self.environment,
            "campaign.json": {**whole, "config": self.config, "environment": self.environment},
        }


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a campaign and check all three files.

    Raises:
        HistoryError: the folder is no campaign, or a file is damaged; the message names it.
        FormatError: the campaign has another format.
    """
    if not (folder / "campaign.json").is_file():
        raise HistoryError(f"{folder} is no campaign: it has no campaign.json. Check the path.")
    content = read_json(folder / "campaign.json")
    version = content.get("format")
    if version != CAMPAIGN_FORMAT:
        raise unknown_format(folder, version, known=CAMPAIGN_FORMAT)
    manifest = manifest_of(content)
    if manifest is None:
        raise HistoryError(
            f"{folder / 'campaign.json'} is damaged: it does not match its id. "
            "evo check --repair restores it if the other files allow."
        )
    for problem in manifest.differing(folder).values():
        raise HistoryError(f"{problem.rstrip('.')}. evo check --repair restores it.")
    return manifest


def manifest_of(content: Mapping[str, Any]) -> Manifest | None:
    """The manifest in the content of a `campaign.json`; None where it does not match its own id."""
    config, environment = content.get("config"), content.get("environment")
    if not isinstance(config, dict) or not isinstance(environment, dict):
        return None
    manifest = Manifest(config, environment)
    return manifest if manifest.id == content.get("id") else None


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object from a file.

    Raises:
        HistoryError: the file is missing or damaged.
    """
    try:
        with disk.reading(path):
            content = json.loads(path.read_bytes())
    except ValueError as error:
        raise HistoryError(f"{path} is damaged: {error}. Restore it from a copy.") from error
    if not isinstance(content, dict):
        raise HistoryError(f"{path} is damaged: it holds no JSON object. Restore it from a copy.")
    return content


def _text(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(dict(content), indent=2) + "\n").encode()
