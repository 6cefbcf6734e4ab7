import re
import shutil
import time
from dataclasses import replace

import numpy as np
import pytest
from large_campaign import write_small_campaign
from support.web import Visitor

from archive.history.changes import PAUSE, Change
from archive.history.history import History
from archive.history.live_status import write_live_status
from archive.history.reader import Reader
from evo.core.records import BASELINE_OPERATOR, Candidate
from evo.report.facts.analysis import analyse
from evo.report.facts.comparison import comparison_facts, paired_facts
from evo.report.facts.figures import figure_facts, figure_interval, trials_of_first
from evo.report.facts.front import pareto_front
from evo.report.facts.record import best_record
from evo.report.facts.status import status_facts
from evo.web.panes import PANES

FIGURES = (
    *("fitness", "front", "family", "map", "shares", "contributions", "comparison", "fronts"),
)


@pytest.mark.parametrize("pane", PANES)
def test_every_pane_of_a_campaign_is_a_page(runs, pane):
    page = Visitor(runs).get(f"/c/small/{pane}")

    assert page.status == 200
    assert f'aria-current="page">{PANES[pane].label}' in page.text


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_has_data(runs, figure):
    drawn = Visitor(runs).get(f"/c/small/figures/{figure}.json")

    assert drawn.status == 200
    assert drawn.json["data"], drawn.json["note"]


def test_the_overview_says_what_status_says(runs):
    facts = status_facts(Reader.read(runs / "small"))

    text = Visitor(runs).get("/c/small/overview").text

    assert facts["best"]["id"] in text
    lefts = [int(n) for n in re.findall(r'<td class="n">(\d+)</td><td>\s*<span class="bar"', text)]
    assert lefts == [
        facts["proposed"],
        facts["proposed"] - facts["invalid"],
        facts["proposed"] - facts["invalid"] - facts["duplicates"],
        facts["evaluated"] + facts["failed"],
        facts["evaluated"],
    ]


def test_the_front_pane_lists_the_members_of_the_front(runs):
    members = pareto_front(Reader.read(runs / "small").records).members

    text = Visitor(runs).get("/c/small/front").text

    assert {m.id for m in members} == set(re.findall(r'data-href="/c/small/candidate/(\w+)"', text))


def test_the_front_pane_has_the_probabilities_that_pareto_has(runs):
    analysis = analyse(Reader.read(runs / "small").records)
    chances = dict(zip([r.id for r in analysis.records], analysis.probabilities, strict=True))
    visitor = Visitor(runs)

    deadline = time.monotonic() + 60
    while "…</td>" in (text := visitor.get("/c/small/front").text):
        assert time.monotonic() < deadline
        time.sleep(0.05)

    rows = re.findall(r'candidate/(\w+)"><td>.*?<td class="n">([\d.]+)</td></tr>', text)
    assert len(rows) == len(analysis.members)
    for id_, shown in rows:
        assert float(shown) == pytest.approx(chances[id_], abs=0.0051)


def test_a_front_up_to_a_generation_knows_nothing_later(runs):
    drawn = Visitor(runs).get("/c/small/figures/front.json?generation=1").json
    records = {r.id: r for r in Reader.read(runs / "small").records if r.score is not None}

    shown = {
        id_
        for trace in drawn["data"]
        if trace["name"] != "front at the end"
        for id_ in trace.get("customdata", ())
    }

    assert shown
    assert max(records[id_].generation for id_ in shown) == 1


def test_a_candidate_has_its_source_trials_and_lineage(runs):
    history = Reader.read(runs / "small")
    best = history.records[-1]
    for record in history.records:
        if record.is_proposal and record.score and len(record.score.trials) > 20:
            best = record

    text = Visitor(runs).get(f"/c/small/candidate/{best.id}").text

    assert f"all {len(best.scored.trials)} trials" in text
    (figures,) = figure_facts(best, trials_of_first(history.records), {})
    for one in (figures, figures["baseline"]):
        assert f'<td class="n">{figure_interval(one, "loss")}</td>' in text
    assert "what changed" in text
    assert "nearest" in text


def test_what_a_candidate_computes_is_drawn_beside_its_parents(runs):
    best = Visitor(runs).get("/c/small/figures/family.json").json["data"][-2]["customdata"][0]

    drawn = Visitor(runs).get(f"/c/small/figures/component.json?id={best}").json

    assert len(drawn["data"]) >= 2
    assert np.isfinite(drawn["data"][0]["y"]).all()


def test_a_further_baseline_goes_by_the_name_that_the_configuration_gives_it(runs, tmp_path):
    reader = Reader.read(runs / "small")
    source = "import torch\n\n\ndef activation(x):\n    return torch.sinh(0.1 * x)\n"
    own = Candidate.of("activation", source, operator=BASELINE_OPERATOR)
    baselines = [record for record in reader.records if record.is_baseline]
    baselines[-1] = replace(baselines[-1], candidate=own)
    config = {**reader.config, "baselines": [{"name": "tenth-sinh", "source": source}]}
    with History.create(tmp_path / "given", config=config, environment={}) as history:
        history.seal(0, baselines, [])
    visitor = Visitor(tmp_path / "given")

    drawn = visitor.get(f"/c/given/figures/component.json?id={own.id}").json

    assert drawn["data"][0]["name"] == "tenth-sinh"
    assert "tenth-sinh" in visitor.get(f"/c/given/candidate/{own.id}").text


@pytest.mark.parametrize(
    "address",
    ["/c/none/overview", "/c/small/none", "/c/small/candidate/none", "/c/small/family?of=none"],
)
def test_what_is_not_there_is_said_so(runs, address):
    page = Visitor(runs).get(address)

    assert page.status == 404
    assert "Not to be shown" in page.text


def test_a_damaged_campaign_names_its_file(runs, tmp_path):
    shutil.copytree(runs / "small", tmp_path / "damaged")
    segment = next((tmp_path / "damaged" / "segments").iterdir())
    segment.write_bytes(segment.read_bytes()[:-10])

    page = Visitor(tmp_path).get("/c/damaged/overview")

    assert page.status == 500
    assert segment.name in page.text


def test_a_view_waits_for_a_campaign_and_follows_it(runs, tmp_path):
    visitor = Visitor(tmp_path / "later")
    assert "Waiting for" in visitor.get("/").text
    reader = Reader.read(runs / "small")
    records = list(reader.records)
    by_generation = [[r for r in records if r.generation == g] for g in range(3)]

    with History.create(tmp_path / "later", config=reader.config, environment={}) as history:
        assert visitor.get("/").headers["location"] == "/c/later/overview"
        assert "baselines train first" in visitor.get("/c/later/overview").text
        for generation, members in enumerate(by_generation):
            history.seal(generation, members, [])
            text = visitor.get("/c/later/overview").text
            assert f"running, generation {generation} of" in text
            assert visitor.get("/c/later/candidates").text.count("<tr data-href") == min(
                50, sum(len(m) for m in by_generation[1 : generation + 1])
            )


def test_a_running_generation_says_how_far_it_is(runs, tmp_path):
    reader = Reader.read(runs / "small")
    with History.create(tmp_path / "runs" / "on", config=reader.config, environment={}) as history:
        history.seal(0, [r for r in reader.records if r.is_baseline], [])
        snapshot = {"step": "<b>evaluate", "trained": 0.456, "seconds_left": 725.0}
        write_live_status(history.folder, {"generation": 1, "generations": 5, **snapshot})
        text = Visitor(tmp_path / "runs").get("/c/on/overview").text

    assert "&lt;b&gt;evaluate, 46% trained, about 12 min left" in text


def test_what_a_person_changed_shows_at_once_and_stays_in_the_log(runs, tmp_path):
    reader = Reader.read(runs / "small")
    with History.create(tmp_path / "held", config=reader.config, environment={}) as history:
        history.seal(0, [r for r in reader.records if r.is_baseline], [])
        visitor = Visitor(tmp_path)
        assert "Paused" not in visitor.get("/c/held/overview").text
        history.change([Change(1, {}, "2026-01-01T00:00:00+00:00", "host", PAUSE)])

        assert "Paused until evo ctl RUN resume." in visitor.get("/c/held/overview").text
        assert re.search(r">changed</span></td><td>pause", visitor.get("/c/held/log").text)


def test_a_campaign_that_stops_says_why(runs, tmp_path):
    reader = Reader.read(runs / "small")
    with History.create(tmp_path / "cut", config=reader.config, environment={}) as history:
        history.seal(0, [r for r in reader.records if r.is_baseline], [])

    text = Visitor(tmp_path).get("/c/cut/overview").text

    assert "Stopped: no reason was left" in text


def test_two_campaigns_are_compared_with_a_warning_where_they_differ(runs, tmp_path):
    shutil.copytree(runs / "small", tmp_path / "one")
    write_small_campaign(tmp_path / "two", "protocol.keep=0.5", "generations=1")

    page = Visitor(tmp_path).get("/c/one/compare?with=two").text
    drawn = Visitor(tmp_path).get("/c/one/figures/comparison.json?with=two").json

    assert "They differ in protocol" in page
    assert [trace["name"] for trace in drawn["data"]] == ["one", "two"]


@pytest.mark.heavy(alone="takes a second campaign beside the first")
def test_comparable_campaigns_have_their_fronts_and_the_paired_test_of_their_best(runs, tmp_path):
    shutil.copytree(runs / "small", tmp_path / "one")
    write_small_campaign(tmp_path / "two", "generations=2", "seed=1")
    facts = comparison_facts(*(Reader.read(tmp_path / name) for name in ("one", "two")))
    readers = [Reader.read(tmp_path / name) for name in ("one", "two")]
    best = [best_record(reader.records) for reader in readers]
    test = paired_facts(best[0], best[1])

    page = Visitor(tmp_path).get("/c/one/compare?with=two").text
    drawn = Visitor(tmp_path).get("/c/one/figures/fronts.json?with=two").json

    row = re.search(r"<tr><td><a[^>]*>two</a></td>(.*?)</tr>", page, re.DOTALL).group(1)
    cells = [re.sub("<[^>]*>", "", cell).split()[0] for cell in re.findall("<td.*?</td>", row)]
    expected = f"{test['log_loss_ratio']:+.3f}", str(test["seeds"]), f"{test['p']:.3f}"
    assert tuple(cells[:3]) == expected
    assert [int(cell) for cell in cells[3:]] == facts["front_members_beaten"][::-1]
    assert f"{facts['runs'][1]['hypervolume']:.4f}" in page
    shown = [trace["customdata"] for trace in drawn["data"] if trace["mode"] == "markers"]
    members = [[m.id for m in pareto_front(reader.records).members] for reader in readers]
    assert shown == members
