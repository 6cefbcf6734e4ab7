"""Python files that a configuration names: each is run once per process, and again once it changes.

They are the user's own code and run with all rights, unlike what a search proposes. A file may
import others of its folder, which come after everything installed. What it prints goes to standard
error, since standard output is for documents.
"""

import hashlib
import importlib.util
import sys
from contextlib import redirect_stdout
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from evo.core.errors import EvoError, UsageError

SUFFIX = ".py"
_running: list[Path] = []
"""Folders of the files that are being run, the innermost last."""


def user_module(path: str) -> ModuleType:
    """The module of a Python file.

    Raises:
        UsageError: there is no such file, or running it fails.
    """
    file = Path(path).expanduser().absolute()
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"File {path}: cannot be read ({error.strerror}).") from None
    return _run(file, content)


def beside_user_file(path: str | Path) -> Path:
    """A path as the file that is being run means it: relative to that file's folder.

    Outside of such a file it is relative to the working directory.
    """
    given = Path(path).expanduser()
    return (_running[-1] if _running else Path.cwd()) / given


@lru_cache(maxsize=64)
def _run(file: Path, content: bytes) -> ModuleType:
    # A name of its own for each path: two folders may each have a wine.py.
    name = f"user_file_{file.stem}_{hashlib.sha256(str(file).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    _running.append(file.parent)
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    try:
        with redirect_stdout(sys.stderr):
            # From the content at hand: Python's own cache takes two files of one second for one.
            code = compile(content, file, "exec", dont_inherit=True)
            exec(code, vars(module))  # noqa: S102 - the user's own code
    except EvoError:
        raise
    except Exception as error:  # somebody's code raises anything
        where = f" It imports what is installed, and files of its own folder, {file.parent}."
        remedy = where * isinstance(error, ModuleNotFoundError)
        words = str(error).rstrip(".")
        raise UsageError(f"File {file}: {type(error).__name__}: {words}.{remedy}") from error
    finally:
        _running.pop()
    return module
