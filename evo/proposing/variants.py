"""Evaluated components by form, for operators that search a form's numbers.

Holds numbers and margins of all that was evaluated, without records or sources. A component of a
combination has no margin of its own, so combinations leave no variants.
"""

import hashlib
from collections.abc import Sequence

from evo.core.contract import SEPARATOR
from evo.core.records import Generation
from operators.past import Variant
from operators.tree.form import SLOT, form_key


class Variants:
    """The variants of every form so far; fed by sealed generations."""

    def __init__(self) -> None:
        self._by_form: dict[bytes, list[tuple[int, Variant]]] = {}

    def take(self, sealed: Generation) -> None:
        """Add the evaluated components of a sealed generation."""
        for record in sealed.records:
            if record.score is None or SEPARATOR in record.candidate.kind:
                continue
            form, numbers = form_key(record.candidate.source)
            variant = Variant.of(numbers, record.score)
            self._by_form.setdefault(_digest(form), []).append((sealed.number, variant))

    def of_form(self, form: str, *, last: int) -> Sequence[Variant]:
        """Variants of a form by its key, in the order of history, up to a generation."""
        known = self._by_form.get(_digest(form), ())
        count = form.count(SLOT)
        return [v for generation, v in known if generation <= last and len(v.numbers) == count]


def _digest(form: str) -> bytes:
    """Stands for the text of a form, of which a long history has too many to keep."""
    return hashlib.sha256(form.encode(errors="surrogatepass")).digest()[:12]
