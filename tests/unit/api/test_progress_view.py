import io

from rich.panel import Panel

from evo.api.progress_view import notebook_view, progress_view
from evo.campaign.events import GenerationSealed
from evo.campaign.progress import Progress

SEALED = GenerationSealed(1, 3, (), None)


class Output:
    """A cell's output: what was displayed, and what took its place."""

    def __init__(self):
        self.shown = []

    def __call__(self, panel, *, display_id):
        assert display_id
        self.shown.append(panel)
        return self

    def update(self, panel):
        self.shown.append(panel)


def test_a_notebook_has_one_output_that_is_redrawn():
    output = Output()
    show = notebook_view("small", output)

    show(Progress(1, 3, "propose"))
    show(Progress(1, 3, "evaluate"))  # within a fraction of a second: not drawn
    show(Progress(1, 3, "archive", events=(SEALED,)))

    assert len(output.shown) == 2
    assert all(isinstance(panel, Panel) for panel in output.shown)


def test_nothing_is_shown_where_there_is_no_terminal_unless_it_is_asked_for(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)

    for wanted in (None, False):
        with progress_view("small", wanted) as show:
            show(Progress(1, 3, "propose"))
    assert stream.getvalue() == ""

    with progress_view("small", True) as show:
        show(Progress(1, 3, "propose"))
    assert stream.getvalue().startswith("generation 1/3")
