"""Reports to keep: complete, self-contained, and safe whatever a candidate says."""

import base64
import re
import shutil

import pytest
from large_campaign import write_small_campaign
from support.hostile_campaign import MARKUP, write_hostile_campaign

from archive.history.reader import Reader
from evo.core.errors import UsageError
from evo.core.performance import performance
from evo.report.documents.contents import PICTURES, report_of
from evo.report.documents.writing import write_report
from evo.report.facts.comparison import paired_facts


@pytest.fixture(scope="module")
def histories(small_campaign, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    shutil.copytree(small_campaign, folder / "small")
    hostile = write_hostile_campaign(folder, folder / "small")
    return Reader.read(folder / "small"), Reader.read(hostile)


@pytest.fixture(scope="module")
def report(histories):
    return report_of(histories, pictures=True)


def test_a_report_names_the_best_with_their_intervals(histories, report):
    full = [r for r in histories[0].records if r.is_proposal and r.score and r.score.rung == 1]
    best = max(full, key=performance)

    assert report.sections[0].best[0].record.id == best.id
    for form in ("html", "md", "latex"):
        document = write_report(report, form)
        assert best.id[:8] in document
        assert f"{best.scored.margin.value:.3f}" in document
        assert "relu" in document
        (figures,) = report.sections[0].best[0].figures
        bracket = r"\[" if form == "md" else "["
        for one in (figures, figures["baseline"]):
            for name in ("loss", "metric"):
                assert f"{one[name]:.4g} {bracket}{one[f'{name}_ci'][0]:.3g}, " in document


def test_a_page_holds_its_pictures_and_asks_for_nothing(report):
    document = write_report(report, "html")
    sources = re.findall(r'src="([^"]*)"', document)

    assert len(sources) == len(PICTURES) * len(report.sections)
    assert all(source.startswith("data:image/") for source in sources)
    picture = base64.b64decode(sources[0].split(",")[1])
    assert picture.startswith((b"<?xml", b"\x89PNG"))
    assert "default-src 'none'" in document
    assert "<script" not in document.lower()


def test_no_attack_becomes_markup_in_a_page(report):
    document = write_report(report, "html").lower()

    assert "&lt;script&gt;window.attacked=1" in document
    assert not [markup for markup in MARKUP if markup in document]


def test_no_attack_leaves_its_cell_or_block_in_markdown(report):
    outside = re.sub(r"(`{3,})python\n.*?\n\1", "", write_report(report, "md"), flags=re.DOTALL)

    assert not [markup for markup in MARKUP if markup in outside]
    rows = [line for line in outside.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {8, 10, 5, 6, 4}


def test_no_attack_is_a_command_of_latex(report):
    blocks = r"\\begin\{verbatim\}\n.*?\n\\end\{verbatim\}"
    outside = re.sub(blocks, "", write_report(report, "latex"), flags=re.DOTALL)
    known = "usepackage setlength tabcolsep texttt begin centering caption toprule midrule "
    known += "bottomrule end textbackslash small footnotesize"

    commands = set(re.findall(r"\\([A-Za-z]+)", outside))

    assert commands <= {
        *known.split(),
        "setlength",
        "tabcolsep",
        "texttt",
        "textless",
        "textgreater",
        "textasciitilde",
    }


def test_a_source_cannot_end_its_own_block(report):
    part = report.sections[0].best[0]
    source = "x = 1\n```\n\\end{verbatim}\\input{/etc/passwd}\n````\n<b>"
    candidate = part.record.candidate
    object.__setattr__(candidate, "source", source)

    assert "\n`````python\n" in write_report(report, "md")
    assert "\\end{verbatim}\\input" not in write_report(report, "latex")
    assert "&lt;b&gt;" in write_report(report, "html")


def test_a_campaign_that_has_just_begun_has_a_report(histories, tmp_path):
    from archive.history.history import History

    reader = histories[0]
    with History.create(tmp_path / "new", config=reader.config, environment={}) as history:
        history.seal(0, [r for r in reader.records if r.is_baseline], [])
        begun = report_of([history], pictures=True)

    for form in ("html", "md", "latex"):
        assert "new" in write_report(begun, form)


@pytest.mark.heavy(alone="takes a second campaign, as long as the first")
def test_a_report_sets_the_search_against_a_random_one_at_as_many_trainings(histories, tmp_path):
    random = ("generations=2", "operators={sample-tree=1.0}", "protocol.leaders=0")
    write_small_campaign(tmp_path / "chance", *random)
    other = Reader.read(tmp_path / "chance")

    both = report_of([histories[0]], pictures=True, against=[other, histories[0]])
    (rival,) = both.sections[0].rivals  # a campaign is not set against itself

    assert (rival.name, rival.is_random) == ("chance", True)
    own, theirs = rival.own, rival.theirs
    trained = [r for r in other.records if r.is_proposal and r.score is not None]
    assert max(own.evaluated, theirs.evaluated) <= len(trained)
    then = [r for r in histories[0].records if r.is_proposal and r.generation <= own.generation]
    assert own.evaluated == sum(r.score is not None for r in then)
    assert own.seconds == pytest.approx(sum(r.seconds for r in then))
    assert rival.test == paired_facts(own.best, theirs.best)
    for form in ("html", "md", "latex"):
        document = write_report(both, form)
        assert "chance" in document
        assert f"{theirs.margin.value:.3f}" in document
        assert f"{rival.test['p']:.3f}" in document
    assert "(random search)" in write_report(both, "html")


def test_a_report_without_a_random_search_says_so_and_names_its_reference(report):
    document = write_report(report, "html")
    first = report.sections[0].reached[0]

    assert "There is no random search to compare it with" in document
    assert first.generation == 1
    assert f"The first generation alone, {first.evaluated} candidates trained" in document


def test_a_search_is_not_set_against_one_that_trains_otherwise(histories, tmp_path):
    write_small_campaign(tmp_path / "brief", "generations=1", "protocol.batch_size=16")

    with pytest.raises(UsageError, match=r"brief differs from small in protocol\.batch_size"):
        report_of([histories[0]], pictures=False, against=[Reader.read(tmp_path / "brief")])


def test_costs_are_by_model_operator_and_generation(report):
    spend = report.sections[1].status["spend"]

    for form in ("html", "md"):
        document = write_report(report, form)
        for part in (*spend["models"].values(), *spend["operators"].values()):
            assert f"{part['cost_usd']:.4f}" in document
    assert "By generation" in write_report(report, "html")


def test_two_campaigns_stand_in_one_table_with_what_differs(histories, tmp_path):
    write_small_campaign(tmp_path / "other", "generations=1", "protocol.keep=0.5")
    both = report_of([histories[0], Reader.read(tmp_path / "other")], pictures=False)

    document = write_report(both, "md")

    assert both.differing == ["protocol"]
    assert "The campaigns differ in protocol" in document
    assert "| small | 0 |" in document
