"""Readers of a user's data: tables, folders of images and data sets of torch.

Their errors name the place.
"""

import random
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from evo.core.errors import UsageError
from evo.tasks.values import plain_array, unusable

_FEW_ODD = 0.5
"""Share of the rows of a column that may be no numbers where the others are, and so are faults."""
_MISSING = frozenset(
    ("?", "-", "--", ".", "na", "n/a", "nan", "none", "null", "missing", "unknown")
)
"""Texts that stand for a number that is not known."""
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
    from pyarrow import ArrowInvalid  # noqa: PLC0415 - costs time, and only loading needs it

    what, drop = f"Table {file}", [drop] if isinstance(drop, str) else drop
    try:
        read = _arrow_table(file)
        names: list[str] = list(read.column_names)
    except OSError as error:
        raise UsageError(f"{what}: cannot be read ({error.strerror or error}).") from None
    except ArrowInvalid as error:
        raise UsageError(f"{what}: {str(error).splitlines()[0].rstrip(': ')}.") from None
    except UnicodeDecodeError:
        raise unusable(what, "text in UTF-8", "other bytes in the header", _ENCODE) from None
    if repeated := [name for name in names if names.count(name) > 1]:
        raise unusable(what, "every column to have its own name", f"{repeated[0]!r} more than once")
    for name in (target, *drop):
        if name not in names:
            raise unusable(what, f"a column {name!r}", ", ".join(names))
    if not read.num_rows:
        raise unusable(what, "rows below the header", "none")
    columns: dict[str, NDArray[Any]] = {}
    targets = _column(what, target, read.column(target))
    for name in names:
        if name not in drop and name != target:
            columns |= _features(what, name, _column(what, name, read.column(name)))
    if not columns:
        raise unusable(what, f"a column besides {target!r}", "none")
    return Read(np.stack(list(columns.values()), axis=1), targets, list(columns))


_ENCODE = "Write it again with encoding='utf-8'."


def _arrow_table(file: Path) -> Any:
    """The table of a parquet file, by its first bytes, or of a csv file."""
    from pyarrow import csv, input_stream, parquet  # noqa: PLC0415

    with file.open("rb") as opened:
        if opened.read(4) == b"PAR1":
            return parquet.read_table(file)
    with input_stream(str(file), compression="detect") as stream:
        header = stream.read(1 << 16).decode(errors="replace").partition("\n")[0]
    separator = max(",;\t", key=header.count)
    return csv.read_csv(str(file), parse_options=csv.ParseOptions(delimiter=separator))


def _column(what: str, name: str, column: Any) -> NDArray[Any]:
    """The values of a column, numbers or text.

    Raises:
        UsageError: one is missing, or they are neither.
    """
    from pyarrow import types  # noqa: PLC0415

    kind = column.type
    if types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    elif types.is_decimal(kind):
        column = column.cast("float64")
    elif types.is_nested(kind):
        raise unusable(what, f"a number or text per row in column {name!r}", str(kind))
    elif types.is_binary(kind) or types.is_large_binary(kind):
        raise unusable(what, f"text in UTF-8 in column {name!r}", "other bytes", _ENCODE)
    values = column.to_numpy()
    texts = values.astype(str) if values.dtype == object else None
    is_missing = np.asarray(column.is_null())
    if texts is not None:  # csv has an empty text where one is missing
        is_missing = is_missing | (texts == "")
    if is_missing.any():
        raise unusable(
            what,
            f"a value in every row of column {name!r}",
            f"{int(is_missing.sum())} empty ones, the first in row {int(is_missing.argmax()) + 1}",
            "Fill or drop them first.",
        )
    if texts is None:
        return values
    is_odd = np.array([not _is_number(text) for text in texts])
    has_mark = not _MISSING.isdisjoint(text.strip().lower() for text in texts[is_odd])
    is_mostly_numbers = 0 < is_odd.sum() < _FEW_ODD * len(texts)
    if is_mostly_numbers and (has_mark or len(np.unique(texts)) > _MOST_CATEGORIES):
        row = int(is_odd.argmax())
        raise unusable(
            what,
            f"numbers in column {name!r}, as in most of its rows",
            f"{str(texts[row])!r} in row {row + 1}",
            "Fill or drop what is missing first.",
        )
    return texts


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _features(what: str, name: str, values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The features of a column: itself, or one for each of its texts."""
    if np.issubdtype(values.dtype, np.number) or values.dtype == np.bool_:
        return {name: values.astype(np.float32)}
    texts = values.astype(str)
    known = np.unique(texts)
    if len(known) > _MOST_CATEGORIES:
        raise unusable(
            what,
            f"numbers, or at most {_MOST_CATEGORIES} different texts, in column {name!r}",
            f"{len(known)}",
            f"Leave it out with drop=[{name!r}].",
        )
    return {f"{name}={text}": (texts == text).astype(np.float32) for text in known}


def read_dataset(data: Iterable[Any] | Dataset[Any]) -> Read:
    """All samples of a `Dataset` of (input, target), or of a `DataLoader` of batches of them.

    Orders and whatever else torch's, numpy's and Python's generators draw are those of one seed.

    Raises:
        UsageError: an item is no pair, or inputs differ in shape.
    """
    is_batched = isinstance(data, DataLoader)
    source: Any = data
    has_places = not is_batched and hasattr(source, "__getitem__") and hasattr(source, "__len__")
    with _seeded():
        items = (source[place] for place in range(len(source))) if has_places else iter(source)
        pairs = [_pair(place, item, is_batched=is_batched) for place, item in enumerate(items)]
    if not pairs:
        raise unusable(_SET, "(input, target) pairs", "none")
    for name, values in zip(("inputs", "targets"), zip(*pairs, strict=True), strict=True):
        shapes = {value.shape[1:] if is_batched else value.shape: None for value in values}
        if len(shapes) > 1:
            one, other, *_ = shapes
            raise unusable(_SET, f"{name} of one shape", f"{one} and {other}")
    inputs, targets = zip(*pairs, strict=True)
    join = np.concatenate if is_batched else np.stack
    return Read(join(inputs), join(targets))


_SET = "Data set"


def _pair(place: int, item: Any, *, is_batched: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    if not isinstance(item, (tuple, list)) or len(cast(Sequence[Any], item)) != 2:
        is_row = isinstance(item, (tuple, list))
        came = f"{len(cast(Sequence[Any], item))} values" if is_row else f"a {type(item).__name__}"
        what = "batch" if is_batched else "sample"
        raise unusable(_SET, f"(input, target) of each {what}", f"{came} for {what} {place}")
    one, other = cast(Sequence[Any], item)
    return plain_array(one), plain_array(other)


@contextmanager
def _seeded() -> Generator[None]:
    """All global generators draw as from one seed, and go on as before at the end."""
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - others' code uses it
    with torch.random.fork_rng(devices=()):
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002
        torch.manual_seed(0)
        try:
            yield
        finally:
            random.setstate(of_python)
            np.random.set_state(of_numpy)  # noqa: NPY002


def read_images(root: Path, size: tuple[int, int], *, grey: bool) -> Read:
    """A folder with a folder of images per class: pixels in [0, 1], and names of the folders.

    Raises:
        UsageError: there are fewer than two folders, or a file is no image.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - only loading needs it

    what = f"Images {root}"
    if not root.is_dir():
        raise UsageError(f"{what}: no such folder.")
    height_and_width: Any = size
    if not isinstance(height_and_width, (tuple, list)) or len(size) != 2 or min(size) < 1:
        raise unusable(what, "size=(height, width)", f"size={size!r}")
    # A hidden folder, such as .ipynb_checkpoints, is no class.
    folders = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    if len(folders) < 2:
        raise unusable(what, "a folder of images per class, two or more", f"{len(folders)}")
    pixels: list[NDArray[Any]] = []
    labels: list[str] = []
    for folder in folders:
        files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        if not files:
            raise unusable(what, "images in every folder", f"none in {folder.name}")
        for path in files:
            if path.is_dir():
                raise unusable(
                    what,
                    "a folder of images per class",
                    f"another folder in it, {path}",
                    "Name the folder whose folders are the classes.",
                )
            try:
                with Image.open(path) as image:
                    scaled = image.convert("L" if grey else "RGB").resize((size[1], size[0]))
            except (OSError, UnidentifiedImageError) as error:
                raise UsageError(f"{what}: {path} is no image ({error}).") from None
            values = np.asarray(scaled, dtype=np.float32) / 255
            pixels.append(values[None] if grey else values.transpose(2, 0, 1))
            labels.append(folder.name)
    return Read(np.stack(pixels), np.asarray(labels))
