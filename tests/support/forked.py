"""A function called in a child process, for what would change this process for good."""

import os
import pickle
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def forked(act: Callable[[], T]) -> T:
    """The result of a function that is called in a child forked off this process.

    Modules are imported already, which spares most of the start of a process of its own. Nothing
    may train in it: torch refuses to work in a child of a process in which autograd has worked.
    """
    receiving, sending = os.pipe()
    child = os.fork()
    if not child:
        try:
            with os.fdopen(sending, "wb") as stream:
                pickle.dump(act(), stream)
        finally:
            os._exit(0)  # nothing of the tests runs on in the child
    os.close(sending)
    with os.fdopen(receiving, "rb") as stream:
        content = stream.read()
    os.waitpid(child, 0)
    assert content, "the child has failed"
    result: T = pickle.loads(content)
    return result
