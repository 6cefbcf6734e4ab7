"""A text file as a task: the character that follows a window, for a decoder-only transformer.

from evo.tasks.text import text

task = text("novel.txt", context=32)
"""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from evo.core.errors import UsageError
from evo.core.user_files import beside_user_file
from evo.networks.models import Gpt
from evo.networks.modules import ModuleNetwork
from evo.tasks.own import OwnTask, own_task
from evo.tasks.readers import Read

_FEWEST_WINDOWS = 40
_FEWEST_OF_A_CHARACTER = 3


def text(
    path: str | Path, *, context: int = 32, width: int = 32, blocks: int = 2, **settings: Any
) -> OwnTask:
    """A task on a text file: its windows do not overlap, so that no sample is in two splits.

    Args:
        path: of the file in UTF-8, relative to the task's file.
        context: characters of a window.
        width: of the transformer.
        blocks: of the transformer.
        settings: as for `arrays`; networks take (n, context) indices of characters as float32.

    Raises:
        UsageError: the file cannot be read, or is too short.
    """
    file = beside_user_file(path)
    if context < 1:
        raise UsageError(f"Text {file}: expected a context of 1 character or more, got {context}.")
    read = _windows(file, context)
    vocabulary, outputs = int(read.inputs.max()) + 1, len(np.unique(read.targets))
    gpt = partial(Gpt, vocabulary, context, outputs=outputs, width=width, blocks=blocks)
    usual = {"networks": {f"gpt-{width}": ModuleNetwork(gpt)}, "regression": False}
    return own_task(f"Text {file}", lambda: read, {**usual, "standardise": False, **settings})


def _windows(file: Path, context: int) -> Read:
    """Indices of characters (n, context), and the index of the one that follows each: (n,)."""
    try:
        characters = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Text {file}: cannot be read as UTF-8 ({error}).") from None
    indices = {character: place for place, character in enumerate(sorted(set(characters)))}
    count = len(characters) // (context + 1)
    # What follows only once or twice cannot be learned, and would be missing in a split.
    follows = Counter(characters[context :: context + 1][:count])
    starts = [
        start
        for start in range(0, count * (context + 1), context + 1)
        if follows[characters[start + context]] >= _FEWEST_OF_A_CHARACTER
    ]
    if len(starts) < _FEWEST_WINDOWS:
        raise UsageError(
            f"Text {file}: expected at least {_FEWEST_WINDOWS * (context + 1)} characters, "
            f"{_FEWEST_WINDOWS} windows of {context} and what follows, got {len(characters)}. "
            "Give a longer text, or a smaller context."
        )
    rows = np.array([[indices[c] for c in characters[s : s + context + 1]] for s in starts])
    return Read(rows[:, :-1].astype(np.float32), rows[:, -1])
