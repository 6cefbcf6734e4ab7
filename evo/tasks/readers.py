"""Readers of one's own files: tables and folders of images, with errors that name the place."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo.core.errors import UsageError

_MOST_CATEGORIES = 50
"""Different texts in a column up to which each becomes a feature."""


class Read(NamedTuple):
    """Data as they were read.

    Attributes:
        inputs: (n, …) numbers.
        targets: (n,) classes or numbers, or (n, outputs) numbers.
        features: names of the inputs' columns; empty where they have none.
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]
    features: Sequence[str] = ()


def read_table(file: Path, target: str, drop: Sequence[str]) -> Read:
    """A csv or parquet file: its columns but the target, and the target.

    Raises:
        UsageError: it cannot be read, a column is missing or has gaps, or a text has many values.
    """
    # Imported late: they cost time, and only loading needs them.
    from pyarrow import ArrowInvalid, csv, parquet  # noqa: PLC0415

    try:
        read: Any = parquet.read_table(file) if file.suffix == ".parquet" else csv.read_csv(file)
    except OSError as error:
        raise UsageError(f"Table {file}: cannot be read ({error}).") from None
    except ArrowInvalid as error:
        raise UsageError(f"Table {file}: {str(error).splitlines()[0]}.") from None
    names: list[str] = list(read.column_names)
    for name in (target, *drop):
        if name not in names:
            raise UsageError(f"Table {file}: expected a column {name!r}, got {', '.join(names)}.")
    columns: dict[str, NDArray[Any]] = {}
    for name in names:
        if name in drop:
            continue
        column = read.column(name)
        if column.null_count:
            row = column.is_null().to_pylist().index(True)
            raise UsageError(
                f"Table {file}: expected a value in every row of column {name!r}, got "
                f"{column.null_count} empty ones, the first in row {row + 1}. Fill or drop them "
                "first."
            )
        if name == target:
            continue
        columns |= _features(file, name, column.to_numpy())
    if not columns:
        raise UsageError(f"Table {file}: expected a column besides {target!r}, got none.")
    targets = read.column(target).to_numpy()
    if targets.dtype == object:
        targets = targets.astype(str)
    return Read(np.stack(list(columns.values()), axis=1), targets, list(columns))


def _features(file: Path, name: str, values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The features of a column: itself, or one for each of its texts."""
    if np.issubdtype(values.dtype, np.number) or values.dtype == np.bool_:
        return {name: values.astype(np.float32)}
    texts = values.astype(str)
    known = np.unique(texts)
    if len(known) > _MOST_CATEGORIES:
        raise UsageError(
            f"Table {file}: expected numbers, or at most {_MOST_CATEGORIES} different texts, in "
            f"column {name!r}, got {len(known)}. Leave it out with drop=[{name!r}]."
        )
    return {f"{name}={text}": (texts == text).astype(np.float32) for text in known}


def read_images(root: Path, size: tuple[int, int], *, grey: bool) -> Read:
    """A folder with a folder of images per class: pixels in [0, 1], and names of the folders.

    Raises:
        UsageError: there are fewer than two folders, or a file is no image.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - only loading needs it

    if not root.is_dir():
        raise UsageError(f"Images {root}: no such folder.")
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    if len(folders) < 2:
        raise UsageError(
            f"Images {root}: expected a folder of images per class, two or more, got "
            f"{len(folders)}."
        )
    pixels: list[NDArray[Any]] = []
    labels: list[str] = []
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if path.name.startswith("."):
                continue
            try:
                with Image.open(path) as image:
                    scaled = image.convert("L" if grey else "RGB").resize((size[1], size[0]))
            except (OSError, UnidentifiedImageError) as error:
                raise UsageError(f"Images {root}: {path} is no image ({error}).") from None
            values = np.asarray(scaled, dtype=np.float32) / 255
            pixels.append(values[None] if grey else values.transpose(2, 0, 1))
            labels.append(folder.name)
    if not pixels:
        raise UsageError(f"Images {root}: expected images in its folders, got none.")
    return Read(np.stack(pixels), np.asarray(labels))
