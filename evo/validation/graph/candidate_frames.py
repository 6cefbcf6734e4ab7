"""Frames of a component's code among those of Python's stack. Runs in the sandbox's child."""

import inspect
from types import FrameType

CANDIDATE = "<candidate>"
"""File name of a component's code."""
CANDIDATE_MODULE = "candidate"
"""Name of its module."""


def is_candidate(frame: FrameType) -> bool:
    """True for a frame of the component's code."""
    return frame.f_code.co_filename == CANDIDATE


def running_line() -> int:
    """The line of the component that runs now; 0 where none does."""
    frame = inspect.currentframe()
    while frame is not None and not is_candidate(frame):
        frame = frame.f_back
    return 0 if frame is None else frame.f_lineno
