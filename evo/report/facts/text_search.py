"""Search for a word in the texts of all records, read from disk a segment at a time."""

import numpy as np
from numpy.typing import NDArray

from archive.history.records import Records
from archive.store.tables import Columns, Schema, unpack_texts

_SEARCHED: Schema = dict.fromkeys(("id", "source", "rationale", "reason", "model"), str)


def matching(records: Records, word: str, size: int) -> NDArray[np.bool_]:
    """(n,) True for records with a word in id, source, rationale, reason or model.

    Args:
        records: all of them.
        word: in lower case.
        size: number of records that count.
    """
    matches = np.zeros(len(records), dtype=np.bool_)
    first = 0
    for columns in records.tables(_SEARCHED, {}):
        last = first + len(columns["record.id.offsets"]) - 1
        for name in _SEARCHED:
            matches[first:last] |= _rows_with(word, columns, f"record.{name}")
        first = last
    return matches[:size]


def _rows_with(word: str, columns: Columns, name: str) -> NDArray[np.bool_]:
    """(n,) True where a text of a column has a word in it."""
    offsets = columns[f"{name}.offsets"]
    rows = np.zeros(len(offsets) - 1, dtype=np.bool_)
    blob = columns[name].tobytes()
    if not word.isascii() or not blob.isascii():  # other letters have lower case too
        texts = unpack_texts(columns, name)
        return np.array([word in text.lower() for text in texts], dtype=np.bool_)
    lower, sought = blob.lower(), word.encode()
    ends = offsets[1:].tolist()
    place = lower.find(sought)
    while place >= 0:
        row = int(np.searchsorted(offsets, place, "right")) - 1
        if place + len(sought) <= ends[row]:
            rows[row] = True
            place = lower.find(sought, ends[row])
        else:  # across the border of two texts
            place = lower.find(sought, place + 1)
    return rows
