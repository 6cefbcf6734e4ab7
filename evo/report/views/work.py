"""Progress of some work that is no campaign: a bar on a terminal, elsewhere a line per tenth."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bar


@contextmanager
def work_view(title: str, console: Console) -> Generator[Callable[[int, int], None]]:
    """A context that gives the callback for progress: pieces of work done, and their total."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield _Tenths(title, console).show
        return
    with Bar(console=console, transient=True) as bar:
        row = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(row, completed=done, total=total)


class _Tenths:
    """Prints one line per tenth of some work done."""

    def __init__(self, title: str, console: Console) -> None:
        self._title = title
        self._console = console
        self._tenths = -1

    def show(self, done: int, total: int) -> None:
        if (tenths := 10 * done // total) == self._tenths:
            return
        self._tenths = tenths
        line = f"{self._title}: {done} of {total}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
