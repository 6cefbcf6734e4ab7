"""The operators pane: strategies on their islands, and what language models cost."""

import re
from collections import Counter
from dataclasses import replace
from itertools import groupby

import pytest
from large_campaign import write_small_campaign
from support.web import Visitor

from archive.history.history import History
from archive.history.reader import Reader
from archive.history.replies import Replies
from evo.core.messages import Exchange, Prompt, Reply, Request
from evo.core.records import Generation, Status
from evo.report.facts.index import Index
from evo.selection.islands import Islands
from evo.selection.population import Population
from evo.selection.settings import SelectionSettings
from evo.web.campaign import LiveCampaign
from evo.web.log import reasons
from evo.web.strategies import strategy_rows


@pytest.mark.heavy(quick="test_a_campaign_of_one_strategy_has_one_row")
def test_strategies_have_the_candidates_that_the_engine_gave_their_islands(tmp_path):
    portfolio = '["merit+rank", "elite+best", "niches+rank"]'
    write_small_campaign(tmp_path / "p", f"selection.portfolio={portfolio}", "population=12")
    reader = Reader.read(tmp_path / "p")
    islands = Islands.of(SelectionSettings.model_validate(reader.config["selection"]), 12, 5)
    population, born = Population(islands), Counter()
    for number, members in groupby(reader.records, lambda record: record.generation):
        records = list(members)
        born.update(one.island for one in islands.born(records) if one.record.is_proposal)
        population.take(Generation(number, records, reader.population(number)))
    campaign = LiveCampaign("p", tmp_path / "p")
    campaign.refresh()

    rows = strategy_rows(campaign)

    assert [(row.survival, row.parents) for row in rows] == [
        ("merit", "rank"),
        ("elite", "best"),
        ("niches", "rank"),
    ]
    assert [row.evaluated for row in rows] == [born[island] for island in range(3)]
    assert sum(row.proposed for row in rows) == campaign.index.proposed.sum()
    assert [row.island for row in rows if row.is_open] == list(islands.open_in(6))
    assert len(islands.open_in(6)) < 3


def test_a_campaign_of_one_strategy_has_one_row(runs):
    text = Visitor(runs).get("/c/small/operators").text

    table = re.search(r'id="strategies".*?</table>', text, re.DOTALL).group()
    assert re.findall(r">(\w+ \+ \w+)</td>", table) == ["merit + rank"]
    assert "island" not in table


@pytest.fixture
def asked(runs, tmp_path):
    """A campaign whose candidates two models wrote, one of them of unknown price."""
    reader = Reader.read(runs / "small")
    with History.create(tmp_path / "asked", config=reader.config, environment={}) as history:
        history.seal(0, [r for r in reader.records if r.is_baseline], [])
        for generation in (1, 2):
            records = [
                replace(
                    record,
                    candidate=replace(record.candidate, model="cheap", operator="novel-llm"),
                    cost_usd=0.001,
                )
                for record in reader.records
                if record.generation == generation
            ]
            history.seal(generation, records, [])
        replies = Replies.open(history.folder, campaign=history.id)
        for model, cost in (("cheap", 0.25), ("dark", float("nan"))):
            request = Request(model, model, Prompt("", ""), 1, None, 10)
            replies.add(Exchange(request, Reply("text", "stop", model, 7, 3), 1, cost))
        replies.close()
    return tmp_path / "asked"


def test_spend_is_shown_by_model_operator_generation_and_discovery(asked):
    visitor = Visitor(asked)
    facts = LiveCampaign("asked", asked)
    facts.refresh()
    spend = facts.tally.facts(facts.reader)["spend"]

    text = visitor.get("/c/asked/operators").text
    drawn = visitor.get("/c/asked/figures/spend.json").json

    section = text[text.index('id="spend"') :]
    cells = re.findall(r"<tr><td[^>]*>(\w[\w-]*)</td>.*?<td class=\"n\">([^<]*)</td></tr>", section)
    assert dict(cells)["cheap"].strip() == "0.2500"
    assert dict(cells)["dark"].strip() == "unknown"
    assert f"{spend['operators']['novel-llm']['cost_usd']:.4f}" in section
    assert f"${spend['usd_per_discovery']:.4f} each" in section
    by_generation = [spend["generations"][str(g)]["cost_usd"] for g in (1, 2)]
    assert drawn["data"][0]["y"] == pytest.approx(by_generation)
    assert f"{spend['usd_per_discovery']:.4f}" in visitor.get("/c/asked/overview").text


def test_reasons_that_differ_in_numbers_alone_are_counted_together(runs):
    records = list(Reader.read(runs / "small").records)
    out = [place for place, record in enumerate(records) if record.status is Status.DUPLICATE]
    for number, place in enumerate(out):
        reason = f"expected a margin of {number - 2:+.2f} ± 0.03, 3e-05 off"
        records[place] = replace(records[place], reason=reason)
    index = Index.of(records)

    grouped = [row for row in reasons(index) if row["status"] == "DUPLICATE"]

    assert [row["reason"] for row in grouped] == ["expected a margin of … ± …, … off"] * len(
        grouped
    )
    assert sum(row["count"] for row in grouped) == len(out) > 1
    assert len(grouped) == len({index.texts["stage"][place] for place in out})
