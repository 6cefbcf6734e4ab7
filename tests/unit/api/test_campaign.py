"""The campaign of `evo.open`: a real one in which nothing trains."""

import sys
from dataclasses import replace
from html.parser import HTMLParser

import no_training
import numpy as np
import pytest
from matplotlib.figure import Figure

import evo
from archive.history.history import History
from evo.core.fields import RECORD_FIELDS, record_row
from evo.core.performance import performance
from evo.core.records import Candidate, Record
from evo.report.facts.exported import EXPORTED

SETTINGS = ["generations=2", "population=8", "offspring=12", "trainings=8", "seed=3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "small"
    with no_training.create(path, no_training.configure(SETTINGS)) as history:
        no_training.run(history, lambda _: None)
    return path


@pytest.fixture
def campaign(folder):
    return evo.open(folder)


def test_it_says_what_the_campaign_is(campaign, folder):
    assert (campaign.name, campaign.folder) == ("small", folder)
    assert (campaign.generation, campaign.state) == (2, evo.CampaignState.FINISHED)
    assert campaign.stop_reason == ""
    assert campaign.config == no_training.configure(SETTINGS)
    assert isinstance(campaign.config, evo.Config)
    assert len(campaign.survivors) == 8


def test_a_stopped_campaign_says_why_and_takes_in_what_is_sealed_later(tmp_path):
    def stop(progress):
        if progress.generation == 2:
            raise KeyboardInterrupt

    path = tmp_path / "cut"
    with no_training.create(path, no_training.configure(SETTINGS)) as history:
        with pytest.raises(KeyboardInterrupt):
            no_training.run(history, stop)
        running = evo.open(path)
        assert (running.generation, running.state) == (1, evo.CampaignState.RUNNING)
    assert running.state is evo.CampaignState.STOPPED
    assert "killed" in running.stop_reason

    with History.open(path) as history:
        no_training.run(history, lambda _: None)

    assert running.generation == 1
    assert running.refresh().generation == 2
    assert running.state is evo.CampaignState.FINISHED


def test_a_name_that_is_no_campaign_offers_the_nearest(folder, monkeypatch):
    monkeypatch.chdir(folder.parent.parent)
    (folder.parent.parent / "runs").unlink(missing_ok=True)
    (folder.parent.parent / "runs").symlink_to(folder.parent)

    assert evo.open("small").name == "small"
    for call in (evo.open, evo.resume):
        for name in ("smal", "runs/smla"):
            with pytest.raises(evo.UsageError, match="Did you mean 'small'"):
                call(name)


def test_baselines_come_first_among_the_records(campaign):
    baselines = campaign.baselines

    assert len(baselines) == 12
    assert all(record.is_baseline for record in baselines)
    assert not any(record.is_baseline for record in list(campaign.records)[12:])


def test_the_best_are_in_order_of_performance(campaign):
    ranked = campaign.best(5)
    evaluated = [r for r in campaign.records if r.is_proposal and r.novelty]

    assert [performance(record) for record in ranked] == sorted(
        map(performance, evaluated), reverse=True
    )[:5]
    assert campaign.best() == ranked[:1]


def test_no_candidate_dominates_a_member_of_the_front(campaign):
    def point(record):
        return record.score.b_wr.value, record.novelty.behaviour

    members = campaign.front()
    top = max(r.score.rung for r in campaign.records if r.is_proposal and r.score)
    complete = [r for r in campaign.records if r.is_proposal and r.novelty and r.score.rung == top]

    assert members
    for member in members:
        assert not any(
            np.all(np.array(point(other)) >= point(member)) and point(other) != point(member)
            for other in complete
        )


def test_a_front_of_other_objectives_minimises_what_costs(campaign):
    members = campaign.front(["length", "b_wr"])

    lengths = [len(record.candidate.source) for record in members]
    rates = [record.score.b_wr.value for record in members]
    assert rates == sorted(rates)
    assert len(lengths) == len(members) > 0
    with pytest.raises(evo.UsageError, match="Unknown objective 'b_w'"):
        campaign.front(["b_w", "length"])


def test_a_record_is_found_by_the_beginning_of_its_id(campaign):
    best = campaign.best()[0]

    assert campaign.record(best.id[:10]).id == best.id
    with pytest.raises(evo.UsageError, match="No candidate's id begins with 'none'"):
        campaign.record("none")


def test_a_table_and_a_data_frame_have_the_columns_of_an_export(campaign):
    records = list(campaign.records)

    rows = campaign.table().to_pylist()
    assert [row | record_row(record) for row, record in zip(rows, records, strict=True)] == rows
    frame = campaign.dataframe()
    assert list(frame.columns) == [field.name for field in (*RECORD_FIELDS, *EXPORTED)]
    scored = frame[frame["generation"] > 0].dropna(subset="b_wr")
    assert ((scored["loss_low"] <= scored["loss"]) & (scored["loss"] <= scored["loss_high"])).all()
    assert (scored["best_baseline_loss"] > 0).all()
    ratio = np.log(scored["best_baseline_loss"] / scored["loss"])
    assert np.corrcoef(ratio, scored["margin"])[0, 1] > 0.5
    assert frame["id"].tolist() == [record.id for record in records]
    refused = next(place for place, record in enumerate(records) if record.score is None)
    assert np.isnan(frame["b_wr"][refused])


def test_without_pandas_the_message_has_the_install_line(campaign, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(evo.UsageError, match=r"pip install 'evo-search\[pandas\]'"):
        campaign.dataframe()


@pytest.mark.parametrize("kind", ["pareto", "progress", "win-rates", "best", "shapes", "lineage"])
def test_every_picture_is_a_figure(campaign, kind, tmp_path):
    figure = campaign.plot(kind)

    assert isinstance(figure, Figure)
    figure.savefig(tmp_path / "picture.png")


def test_an_unknown_picture_offers_the_nearest_and_some_take_no_second_campaign(campaign):
    assert isinstance(campaign.plot("pareto", over=campaign), Figure)
    with pytest.raises(evo.UsageError, match="Did you mean 'pareto'"):
        campaign.plot("paretto")
    with pytest.raises(evo.UsageError, match="Unknown picture of two 'best'"):
        campaign.plot("best", over=campaign)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.names = set()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)


def test_a_notebook_shows_sources_without_running_what_is_in_them(tmp_path):
    with no_training.create(
        tmp_path / "<img src=x>", no_training.configure(["generations=1", "seed=3"])
    ) as history:
        no_training.run(history, lambda _: None)
        survivor = next(r for r in history.records if r.is_proposal and r.novelty)
    hostile = "def activation(x):\n    return '<script>alert(1)</script>'"
    records = [replace(survivor, candidate=replace(survivor.candidate, source=hostile))]
    with no_training.create(
        tmp_path / "<b>bold", no_training.configure(["generations=1", "seed=3"])
    ) as history:
        history.seal(0, records, [])

    shown = evo.open(tmp_path / "<b>bold")._repr_html_()

    tags = Tags()
    tags.feed(shown)
    assert "&lt;script&gt;" in shown
    assert not tags.names & {"script", "b", "img"}


def test_the_short_form_names_campaign_state_and_generation(campaign):
    assert repr(campaign).startswith("<Campaign small: activation, finished, generation 2 of 2, ")


def test_a_campaign_without_candidates_has_an_empty_front(tmp_path):
    record = Record(Candidate.of("activation", "x", operator="baseline"), 0)
    with no_training.create(tmp_path / "new", no_training.configure(SETTINGS)) as history:
        history.seal(0, [record], [])

    campaign = evo.open(tmp_path / "new")

    assert (campaign.front(), campaign.best()) == ([], [])
    assert "<table>" in campaign._repr_html_()
