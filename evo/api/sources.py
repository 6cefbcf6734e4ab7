"""Source code to judge: given as text, or read from files."""

from collections.abc import Sequence
from pathlib import Path

from evo.core.errors import UsageError

SourceOrPath = str | Path
"""Source code as text, or the path of a file: a `Path`, or a one-line text that ends in `.py`."""


def read_sources(paths: Sequence[str | Path]) -> list[tuple[str, str]]:
    """Path and text of files.

    Raises:
        UsageError: one of them cannot be read.
    """
    try:
        return [(str(path), Path(path).read_text()) for path in paths]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Expected readable Python files: {error}.") from None


def sources_of(given: SourceOrPath | Sequence[SourceOrPath]) -> list[tuple[str, str]]:
    """Path and text of one source or several; the path is empty where only text was given.

    >>> sources_of("activation = torch.sin")
    [('', 'activation = torch.sin')]

    Raises:
        UsageError: a file cannot be read.
    """
    parts = [given] if isinstance(given, str | Path) else given
    return [read_sources([part])[0] if _is_path(part) else ("", str(part)) for part in parts]


def _is_path(part: SourceOrPath) -> bool:
    return isinstance(part, Path) or (part.endswith(".py") and "\n" not in part)
