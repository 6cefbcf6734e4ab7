"""The campaigns that a view shows, by key: those that were named, and all under a named folder.

A key is the path below the named folder, in letters that an address keeps as they are. Only a
campaign that was found by looking through the folders has one: no part of an address becomes a
path.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from evo.core.places import RUNS

_DEPTH = 4
"""How many folders below a named one campaigns are looked for."""
_SENTINEL = "campaign.json"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Places:
    """The folders that were named on the command line, whether or not they exist yet.

    Args:
        names: campaigns or folders of campaigns: paths, or names under `runs/`.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._roots = [_root(name) for name in names] if names else [RUNS.absolute()]

    @property
    def roots(self) -> Sequence[Path]:
        """The named folders."""
        return self._roots

    def campaigns(self) -> dict[str, Path]:
        """Folders of the campaigns that are there now, by key, in the order of their names."""
        folders: dict[str, Path] = {}
        for root in self._roots:
            for folder in _below(root, root.resolve(), _DEPTH):
                name = folder.name if folder == root else str(folder.relative_to(root))
                key = key_of(name)
                if folders.get(key, folder) != folder:  # two roots have one name
                    key = key_of(str(folder), always_hashed=True)
                folders[key] = folder
        return folders

    @property
    def awaited(self) -> list[Path]:
        """Named folders that do not exist yet."""
        return [root for root in self._roots if not root.exists()]


def key_of(name: str, *, always_hashed: bool = False) -> str:
    """The key of a campaign's name; it needs no escaping in an address.

    >>> key_of("demo-001"), key_of("../x"), key_of("a b")
    ('demo-001', 'x-d6b96a97', 'a-b-c8687a08')
    """
    plain = _UNSAFE.sub("-", name).strip("-.")
    if plain == name and not always_hashed:
        return name
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{plain[-60:]}-{digest}" if plain else digest


def _root(name: str) -> Path:
    """The folder of a name: an existing path, or else one under `runs/`, which may come later."""
    path = Path(name)
    if path.exists() or path.is_absolute() or len(path.parts) > 1:
        return path.absolute()
    return (RUNS / name).absolute()


def _below(folder: Path, root: Path, depth: int) -> Iterator[Path]:
    """Campaigns in a folder and below; a link that leads out of the root is not followed."""
    try:
        if not folder.resolve().is_relative_to(root):
            return
        if (folder / _SENTINEL).is_file():
            yield folder
            return
        inner = sorted(path for path in folder.iterdir() if path.is_dir()) if depth else []
    except OSError:
        return
    for path in inner:
        if not path.name.startswith("."):
            yield from _below(path, root, depth - 1)
