import io
import json
import math

import numpy as np
import pytest
from rich.console import Console
from support.records import trials, written

from evo.core.trials import Trial
from evo.evaluation.statistics.paired_test import confirm_candidates
from evo.report.facts.record import record_facts
from evo.report.facts.verdicts import baseline_facts, failed_facts, verdict_facts
from evo.report.views.record import record_view
from evo.report.views.verdicts import verdict_table
from evo.report.views.work import work_view

SOURCE = "import torch\n\n\ndef activation(x):\n    return torch.tanh(x)\n"
RECORD = written(SOURCE, operator="mutate-tree")
NAMES = {"1": "leaky_relu", "2": "relu"}


def both(loss: float, *, lost: int = -1) -> tuple[Trial, ...]:
    """Trials on two tasks, of which one seed may be lost."""
    losses = loss * np.linspace(1, 1.5, 8)
    if lost >= 0:
        losses[lost] = math.inf
    return (*trials(losses), *trials(losses, task="breast-cancer"))


def entry(loss: float, **words) -> dict:
    own, baselines = both(loss, **words), {"1": both(1.0), "2": both(2.0)}
    found = confirm_candidates({RECORD.id: own}, baselines)[RECORD.id]
    return verdict_facts(RECORD, found, own, baselines, NAMES)


def text(renderable, *, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(renderable)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_verdict_has_every_figure_that_scripts_were_promised() -> None:
    facts = entry(0.5)

    assert list(facts) == [
        *("id", "source", "verdict", "reason", "strongest_baseline", "log_ratio", "log_ratio_ci"),
        *("p", "p_corrected", "b_wr", "b_wr_ci", "bsota_wr", "bsota_wr_ci", "tasks", "trials"),
    ]
    assert list(facts) == list(failed_facts(RECORD, "its worker died"))
    assert (facts["verdict"], facts["strongest_baseline"]) == ("confirmed", "leaky_relu")
    assert facts["log_ratio"] == pytest.approx(math.log(2))
    assert set(facts["tasks"]["digits"]) == {
        *("log_ratio", "log_ratio_ci", "p", "b_wr", "bsota_wr", "loss")
    }


def test_a_lost_trial_has_no_loss_in_json() -> None:
    facts = entry(0.5, lost=3)

    assert [trial["loss"] for trial in facts["trials"]].count(None) == 2
    assert json.dumps(facts, allow_nan=False)
    assert json.dumps(baseline_facts("1", both(1.0, lost=0), NAMES), allow_nan=False)


def test_the_table_fits_80_columns_and_says_where_a_candidate_is_better() -> None:
    facts = {
        "protocol": {"rungs": [{"epochs": 30, "seeds": 8}]},
        "searched": ["digits"],
        "candidates": [entry(0.5), entry(30.0), failed_facts(RECORD, "its worker died")],
    }

    lines = text(verdict_table(facts)).splitlines()

    assert all(len(line) <= 80 for line in lines)
    shown = "\n".join(line.rstrip() for line in lines)
    assert f"{RECORD.id[:8]}      leaky_relu" in shown
    assert "confirmed     +0.693 [+0.69, +0.69] 0.004" in shown
    assert "not confirmed -3.000 [-3.00, -3.00] 1.000" in shown
    assert "+ digits*" in shown
    assert "- breast-cancer\n" in shown
    assert "its worker died" in shown


def test_a_task_of_the_user_has_the_name_of_its_file() -> None:
    path, one = "/home/me/gpt/fit.py", entry(0.5)
    one["tasks"] = {path: one["tasks"]["digits"]}
    facts = {"protocol": {"rungs": [{"epochs": 4, "seeds": 8}]}, "searched": [path]}

    shown = text(verdict_table({**facts, "candidates": [one]}))

    assert "+ fit.py*" in shown
    assert "/home" not in shown


def test_a_record_is_shown_with_its_verdict_where_there_is_one() -> None:
    confirmation = {"number": "002", "protocol": {}, **entry(0.5)}

    facts = record_facts(RECORD, confirmation)
    shown = text(record_view(facts), width=200)

    assert "confirmation" not in record_facts(RECORD)
    assert "confirmation" not in text(record_view(record_facts(RECORD)))
    assert (facts["confirmation"]["verdict"], facts["confirmation"]["p"]) == ("confirmed", 2.0**-8)
    assert not {"source", "trials"} & set(facts["confirmation"])
    assert "confirmation.verdict" in shown
    assert "confirmation.tasks.breast-cancer  log_ratio 0.6931" in shown
    assert "leaky_relu" in shown


def test_without_a_terminal_each_tenth_of_the_work_is_one_line() -> None:
    console = Console(file=io.StringIO())

    seconds = iter(range(99))

    with work_view("trained", console, clock=lambda: next(seconds)) as watch:
        for done in range(41):
            watch(done, 40)

    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 11
    assert lines[0] == "trained: 0 of 40, 0:00 so far, estimating the time left"
    assert lines[1] == "trained: 4 of 40, 0:04 so far, about 0:36 left"
    assert lines[-1] == "trained: 40 of 40 in 0:40"


def test_without_a_terminal_a_quiet_minute_ends_with_a_line() -> None:
    assert lines_of_work([(0, 0, 400), (10, 20, 400), (61, 30, 400), (62, 31, 400)]) == [
        "trained: 0 of 400, 0:00 so far, estimating the time left",
        "trained: 30 of 400, 1:01 so far, about 12:32 left",
    ]


def test_the_pace_of_work_is_that_of_this_process() -> None:
    interrupted = [(5, 20, 40), (15, 22, 40), (25, 24, 40)]
    of_a_study = [(90, 0, 20), (100, 2, 20)]

    assert lines_of_work([*interrupted, *of_a_study]) == [
        "trained: 20 of 40, 0:00 so far, estimating the time left",
        "trained: 24 of 40, 0:20 so far, about 1:20 left",
        "trained: 0 of 20, 0:00 so far, estimating the time left",
        "trained: 2 of 20, 0:10 so far, about 1:30 left",
    ]


def lines_of_work(calls: list[tuple[int, int, int]]) -> list[str]:
    """Lines of a log by calls, each with its second, what is done, and the total."""
    console = Console(file=io.StringIO(), width=40)
    seconds = iter([0, *(second for second, _, _ in calls)])
    with work_view("trained", console, clock=lambda: next(seconds)) as watch:
        for _, done, total in calls:
            watch(done, total)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def test_on_a_terminal_the_work_is_a_bar() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)

    with work_view("trained", console) as watch:
        watch(20, 40)

    assert "50%" in console.file.getvalue()  # type: ignore[attr-defined]
