"""Text that others wrote, with what cannot be seen or encoded written out."""

import re

_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Characters that are not seen, or that change the order in which text is read."""


def visible(text: str) -> str:
    r"""The text with what cannot be seen or encoded written out.

    >>> visible("a\u202eb")
    'a⟨U+202E⟩b'
    """
    whole = text.encode("utf-8", "replace").decode()
    return _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", whole)
