"""Source code to judge: given as text, or read from files."""

import tokenize
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
    return [(str(path), _read(path)) for path in paths]


def sources_of(given: SourceOrPath | Sequence[SourceOrPath]) -> list[tuple[str, str]]:
    """Path and text of one source or several; the path is empty where only text was given.

    >>> sources_of("activation = torch.sin")
    [('', 'activation = torch.sin')]

    Raises:
        UsageError: a file cannot be read.
    """
    parts = [given] if isinstance(given, str | Path) else given
    return [read_sources([part])[0] if _is_path(part) else ("", str(part)) for part in parts]


def _read(path: str | Path) -> str:
    """The text of a file as Python reads it: by its byte order mark and its coding comment."""
    try:
        with tokenize.open(path) as file:
            return file.read()
    except OSError as error:
        raise UsageError(f"Expected readable Python files: {path}: {error.strerror}.") from None
    except (SyntaxError, ValueError, LookupError) as error:
        raise UsageError(
            f"Expected readable Python files: {path} is neither UTF-8 nor has a coding comment "
            f"({error})."
        ) from None


def _is_path(part: SourceOrPath) -> bool:
    return isinstance(part, Path) or (part.endswith(".py") and "\n" not in part)
