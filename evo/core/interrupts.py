"""Keep an interruption what it is where the clean-up that it interrupted fails in turn."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

from evo.core.errors import EvoError


@contextmanager
def plain_interrupts() -> Generator[None]:
    """Raise `KeyboardInterrupt` for an error that one has caused.

    A signal is handled between any two steps of Python, also while a lock is released: threads of
    the standard library then find it in a state that they do not expect, and raise an error of
    their own. Errors that say what a person can mend, a full disk for one, stay what they are, and
    so do those that are raised `from` another or from None: they are meant.

    Raises:
        KeyboardInterrupt: it was interrupted within; the reason is the first one's.
    """
    handled = sys.exception()  # what the caller is at is not from within
    try:
        yield
    except (EvoError, OSError):
        raise
    except Exception as error:
        link: BaseException | None = error
        while link is not None and link is not handled and not link.__suppress_context__:
            link = link.__context__
            if isinstance(link, KeyboardInterrupt) and link is not handled:
                raise KeyboardInterrupt(*link.args) from error
        raise
