import io
import re
from dataclasses import replace

import pytest
from rich.console import Console
from support.records import written

from evo.campaign.budget_warnings import Use
from evo.campaign.climb import STANDSTILL, BestSoFar, Climb
from evo.campaign.events import BudgetWarning, EndpointDead
from evo.campaign.progress import Progress
from evo.core.estimate import Estimate
from evo.core.records import Score, Status
from evo.report.views.live import Alarms, live_view, panel
from evo.screening.verdict import ScreeningState, ScreeningVerdict

SOURCE = "import torch\n\n\ndef activation(x):\n    return torch.tanh(x)\n"


def progress(generation: int = 2) -> Progress:
    best = written(
        SOURCE,
        Status.EVALUATED,
        score=Score(
            1, (), Estimate(0.75, 0.6, 0.9), Estimate(0.25, 0.1, 0.4), Estimate(0.1, 0.0, 0.2), {}
        ),
    )
    return Progress(
        generation=generation,
        generations=8,
        step="evaluate",
        counts={
            Status.PROPOSED: 10,
            Status.INVALID: 3,
            Status.DUPLICATE: 4,
            Status.SCREENED_OUT: 5,
            Status.FAILED: 1,
            Status.EVALUATED: 20,
        },
        trained=0.5,
        best=best,
        seconds=75,
        per_minute=16.0,
        seconds_left=3700,
    )


def test_the_panel_shows_generation_funnel_best_rate_and_time_left() -> None:
    console = Console(file=io.StringIO(), width=140)

    console.print(panel("demo-001", progress()))
    text = console.file.getvalue()  # type: ignore[attr-defined]

    assert "2 of 8: evaluate" in text
    assert "43 proposed → 40 valid → 36 new → 31 screened in → 20 evaluated" in text
    assert "0.750 [0.60, 0.90]" in text
    assert "16.0 evaluated per minute" in text
    assert "1:15 so far, about 1:01:40 left" in text
    assert "return torch.tanh(x)" in text


def test_the_panel_and_the_lines_say_how_the_reward_model_stands() -> None:
    aside = ScreeningVerdict(
        ScreeningState.ASIDE, 5, "rank correlation 0.01 on 20 random candidates"
    )
    told = replace(progress(6), reward=aside)
    console = Console(file=io.StringIO(), width=140)

    console.print(panel("demo-001", told))
    with live_view("demo-001", console) as show:
        show(told)
        show(progress(7))
    text = console.file.getvalue()  # type: ignore[attr-defined]

    assert text.count("is not used since generation 5: rank correlation 0.01") == 2
    assert "reward model" not in text.splitlines()[-1]


@pytest.mark.parametrize(
    ("step", "funnel"),
    [
        ("validate", "43 proposed → 30 valid → 26 new → 21 screened in → 20 evaluated"),
        ("recognise", "43 proposed → 40 valid → 26 new → 21 screened in → 20 evaluated"),
        ("screen", "43 proposed → 40 valid → 36 new → 21 screened in → 20 evaluated"),
        ("archive", "43 proposed → 40 valid → 36 new → 31 screened in → 20 evaluated"),
    ],
)
def test_the_funnel_counts_those_on_their_way_as_far_as_they_came(step: str, funnel: str) -> None:
    console = Console(file=io.StringIO(), width=140)

    console.print(panel("demo-001", replace(progress(), step=step)))

    assert funnel in console.file.getvalue()  # type: ignore[attr-defined]


def test_without_a_terminal_there_is_one_line_a_generation() -> None:
    console = Console(file=io.StringIO(), width=80)

    with live_view("demo-001", console) as watch:
        for generation in (1, 1, 1, 2, 2):
            watch(progress(generation))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]

    assert [line.split(" | ")[0] for line in lines] == ["generation 1/8", "generation 2/8"]


def climbing(still_for: int = 0) -> Progress:
    best = progress().best
    assert best is not None
    climb = Climb(
        generation=1,
        best=BestSoFar.of(best),
        best_excess=0.05,
        trained=4,
        mean_margin=-0.25,
        ahead=0.25,
        parents_with_merit=0.75,
        remeasured=3,
        excess=0.04,
        still_for=still_for,
    )
    return replace(progress(), climb=climb)


def test_the_panel_and_the_lines_show_the_climb() -> None:
    console, log = Console(file=io.StringIO(), width=140), Console(file=io.StringIO(), width=40)

    console.print(panel("demo-001", climbing()))
    with live_view("demo-001", log) as show:
        show(climbing())

    for shown in (console, log):
        text = shown.file.getvalue()  # type: ignore[attr-defined]
        assert "+0.100 [+0.00, +0.20], measured again" in text
        assert "0.050 higher than that on fresh seeds" in text
        assert "mean margin -0.250, 25% ahead of their parents, 75% of parents with merit" in text
        assert "still" not in text


def test_the_panel_and_the_lines_warn_where_a_search_stands_still() -> None:
    console, log = Console(file=io.StringIO(), width=300), Console(file=io.StringIO(), width=40)

    console.print(panel("demo-001", climbing(STANDSTILL)))
    with live_view("demo-001", log) as show:
        show(climbing(STANDSTILL))

    assert "The search stands still: for 5 generations" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "standing still for 5 generations" in log.file.getvalue()  # type: ignore[attr-defined]


def test_generation_0_says_what_it_does_and_counts_no_candidates() -> None:
    console = Console(file=io.StringIO(), width=80)

    console.print(panel("demo", Progress(0, 8, "baselines", trained=0.5)))
    text = console.file.getvalue()  # type: ignore[attr-defined]

    assert "0 of 8: training the baselines" in text
    assert "proposed" not in text
    assert "evaluated per minute" not in text


def test_a_log_says_how_far_a_long_generation_is_once_per_tenth_and_minute() -> None:
    log = Console(file=io.StringIO(), width=40)
    shares = [(0, 0.0), (59, 0.3), (61, 0.35), (62, 0.4), (130, 0.39), (140, 0.42), (400, 0.42)]

    with live_view("demo-001", log) as show:
        for seconds, share in shares:
            show(Progress(0, 8, "baselines", trained=share, seconds=seconds, seconds_left=90))

    lines = log.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[0].startswith("generation 0 trains the baselines")
    assert lines[1:] == [
        "generation 0: 35% trained, 1:01 so far, about 1:30 left",
        "generation 0: 42% trained, 2:20 so far, about 1:30 left",
    ]


def eventful() -> Progress:
    """A snapshot with everything that a panel can show."""
    uses = {
        "requests": Use(412, 1000, unit="requests"),
        "tokens": Use(1_234_567, 0, unit="tokens"),
        "dollars": Use(4.12, 5, "${:.2f}", unpriced=3),
        "trainings": Use(36, 0, unit="trainings"),
    }
    events = (
        BudgetWarning(2, "dollars", 0.5, "50% of the budget are used up: $2.60 of $5.00."),
        BudgetWarning(2, "dollars", 0.8, "80% of the budget are used up: $4.12 of $5.00."),
        EndpointDead(2, "The model 'm' is unavailable; the search goes on without it."),
    )
    aside = ScreeningVerdict(ScreeningState.ASIDE, 5, "rank correlation 0.01 on 20 candidates")
    known = {"margins": (-0.1, 0.05, 0.07), "uses": uses, "events": events, "reward": aside}
    return replace(climbing(STANDSTILL), **known)


def terminal(width: int, height: int = 40, *, encoding: str = "utf-8", **known) -> Console:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace")
    return Console(
        file=file, width=width, height=height, force_terminal=True, legacy_windows=False, **known
    )


def printed(console: Console) -> str:
    console.file.flush()
    return console.file.buffer.getvalue().decode(console.encoding)  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [80, 140])
def test_trend_spend_and_alarms_fit_any_width_without_colour(width: int) -> None:
    console = terminal(width, no_color=True, _environ={"TERM": "xterm"})
    alarms = Alarms()
    alarms.take(eventful())

    console.print(panel("demo-001", eventful(), alarms=alarms.words))
    text = printed(console)

    plain = re.sub(r"\x1b\[\d*m", "", text)
    assert not re.search(r"\x1b\[\d*3[0-7]m", text)
    assert {len(line) for line in plain.splitlines()} == {width}
    assert "▁▇█ -0.100 to +0.070, last generation +0.020" in plain
    assert "412 of 1,000 requests, 1,234,567 tokens, $4.12 of $5.00" in plain
    assert "80% of the budget are used up: $4.12 of $5.00." in plain
    assert "50% of" not in plain
    assert "The model 'm' is unavailable" in plain
    assert "36 trainings" not in plain


def test_a_low_terminal_shows_the_alarms_and_leaves_out_source() -> None:
    console = terminal(80, 24, _environ={"TERM": "xterm"})

    with live_view("demo-001", console) as show:
        show(eventful())
    frame = printed(console).split("╭")[-1]

    assert frame.index("alarm") < frame.index("funnel") < frame.index("trend")
    assert len(frame.splitlines()) <= 25  # the last is what comes after the panel
    assert "def activation" not in frame


def test_a_dumb_terminal_gets_lines_and_each_alarm_once() -> None:
    console = terminal(80, _environ={"TERM": "dumb"})

    with live_view("demo-001", console) as show:
        show(eventful())
        show(eventful())
        show(replace(eventful(), generation=3, events=()))
    lines = printed(console).splitlines()

    assert [line.split(" | ")[0] for line in lines if " | " in line] == [
        "generation 2/8",
        "generation 3/8",
    ]
    assert sum("is unavailable" in line for line in lines) == 1
    assert "trend ▁▇█ -0.100 to +0.070" in lines[-1]
    assert "spent 412 of 1,000 requests" in lines[-1]
    assert "\x1b[" not in printed(console).replace("\x1b[33m", "").replace("\x1b[0m", "")


def test_what_an_encoding_lacks_is_drawn_in_ascii() -> None:
    console = terminal(80, encoding="ascii", _environ={"TERM": "dumb"})

    with live_view("demo-001", console) as show:
        show(eventful())
    console.print(panel("demo-001", eventful(), is_unicode=False))

    assert "_*# -0.100 to +0.070" in printed(console)
    assert "?" not in printed(console)
