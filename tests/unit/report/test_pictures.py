import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text
from report_samples import baselines, overview, record, words
from rich.console import Console
from support.profiles import mostly_heavy

from evo.report.facts.lineage import lineage, main_line
from evo.report.facts.overview import SAMPLE_SIZE, best_by_bsota, sample_by_operator
from evo.report.facts.pareto import pareto_facts
from evo.report.pictures import draw, save_all, save_pareto
from evo.report.pictures.labels import Label, place
from evo.report.pictures.style import blank, legend_below, picture_style, save
from evo.report.views.pareto import pareto_view

NAMES = ("pareto", "progress", "win-rates", "best", "shapes", "lineage")
OF_TWO = ("pareto", "progress", "win-rates")
FAMILY = [
    record("grandmother", 1.2, 0.2, generation=1, parents=["relu"]),
    record("mother", 1.1, 0.3, generation=2, parents=["grandmother", "tanh"], operator="crossover"),
    record("daughter", 0.9, 0.4, generation=3, parents=["mother"]),
]
MANY = [record(f"c{n:02}", 0.5 + 0.1 * (n % 9), 0.05 * n, generation=1 + n // 9) for n in range(30)]
CAMPAIGNS = {
    "none": [],
    "baselines": baselines(),
    "one": [*baselines(), FAMILY[0]],
    "one without baselines": [FAMILY[0]],
    "all at a lower rung": [*baselines(), *(record(f"s{n}", 1, 0.1, rung=0) for n in range(3))],
    "all but one dominated": [*baselines(), record("top", 0.1, 9.0), *MANY],
    "many": sorted([*baselines(), *MANY, *FAMILY], key=lambda each: each.generation),
}

FEW = ("none", "one", "many")


@pytest.mark.parametrize("picture", NAMES)
@pytest.mark.parametrize("name", mostly_heavy(FEW, CAMPAIGNS))
def test_a_campaign_of_any_size_has_every_picture(name: str, picture: str):
    records = CAMPAIGNS[name]
    family = lineage(records, records[-1]) if records else []

    figure = draw(picture, overview(records, lineage=family))

    assert _ink(figure) > 0.005


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_kind_without_curves_has_a_picture_of_shapes_too(name: str):
    assert _ink(draw("shapes", overview(CAMPAIGNS[name], is_curve=False))) > 0.005


def test_every_picture_is_saved_for_print_and_for_the_screen(tmp_path: Path):
    paths = save_all(overview([*baselines(), FAMILY[0]]), tmp_path, over=overview([], name="beta"))

    assert {p.name for p in paths} == {f"{n}.{e}" for n in NAMES for e in ("png", "svg")}
    assert all(imread(tmp_path / f"{n}.png").std() > 0.005 for n in NAMES)


def _ink(figure: Figure) -> float:
    """Standard deviation of a coarse drawing's pixels: 0 where nothing is drawn."""
    figure.set_dpi(40)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return float(np.asarray(canvas.buffer_rgba()).std()) / 255


def _words(figure: Figure, folder: Path) -> str:
    """The text of a picture, as its SVG has it."""
    with picture_style():
        return words(*save(figure, folder, "picture", endings=("svg",)))


def test_pictures_name_what_they_show(tmp_path: Path):
    records = CAMPAIGNS["many"]
    many = overview(records, lineage=lineage(records, FAMILY[-1]))
    shown = {name: _words(draw(name, many), tmp_path) for name in NAMES}

    assert all("alpha: activation on digits" in text for text in shown.values())
    assert all(word in shown["pareto"] for word in ("relu", "tanh", "knee", "B-WR", "Pareto front"))
    assert all(word in shown["progress"] for word in ("hypervolume", "generation", "95 % interval"))
    assert all(word in shown["win-rates"] for word in ("relu", "BSOTA-WR", "the best three"))
    assert all(word in shown["best"] for word in ("12: BSOTA-WR", "apart in behaviour", "in text"))
    assert all(
        word in shown["shapes"] for word in ("baselines (2)", "mutate-tree (32)", "crossover (1)")
    )
    assert all(
        word in shown["lineage"] for word in ("relu", "mother", "daught", "crossover", "main line")
    )


def test_an_equal_picture_of_the_front_has_equal_bytes(tmp_path: Path):
    files = []
    for name in ("one", "two"):
        with picture_style():
            paths = save(draw("pareto", overview(CAMPAIGNS["many"])), tmp_path, name)
        files.append([path.read_bytes() for path in paths])

    assert files[0] == files[1]


def test_a_second_campaign_is_laid_over(tmp_path: Path):
    other = overview([*baselines(), *FAMILY], name="beta")

    many = overview(CAMPAIGNS["many"])
    shown = {name: _words(draw(name, many, other), tmp_path) for name in OF_TWO}

    assert "front of beta" in shown["pareto"]
    assert "beta" in shown["progress"]
    assert "beta" in shown["win-rates"]


@pytest.mark.parametrize("picture", OF_TWO)
@pytest.mark.parametrize("name", ["none", "many"])
def test_an_empty_campaign_can_be_laid_over_another(name: str, picture: str):
    assert _ink(draw(picture, overview(CAMPAIGNS[name]), overview([], name="beta"))) > 0.005


@pytest.mark.parametrize("keys", [("seconds", "b_wr"), ("margin", "length", "n_text")])
def test_other_objectives_are_drawn_with_the_better_side_up_and_right(keys, tmp_path: Path):
    save_pareto(overview(CAMPAIGNS["many"], keys=keys), tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["pareto.png"]


def test_labels_of_points_that_coincide_do_not_cover_each_other():
    figure = blank(4, 3)
    axes = figure.subplots()
    labels = [Label(name, 0.5, 0.5) for name in ("leaky_relu", "relu", "softplus", "tanh")]

    place(axes, labels, points=np.zeros((0, 2)))
    figure.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in axes.texts]  # without the line to a point

    assert [text.get_text() for text in axes.texts] == [label.text for label in labels]
    assert not any(one.overlaps(two) for n, one in enumerate(boxes) for two in boxes[:n])


def test_a_sample_of_shapes_is_the_same_however_many_came_before():
    few = [record(f"{n:04x}", 1.0, 0.1) for n in range(SAMPLE_SIZE)]
    more = [record(f"z{n:04x}", 1.0, 0.1) for n in range(3 * SAMPLE_SIZE)]

    samples, totals = sample_by_operator([*more, *few])

    assert [r.id for r in samples["mutate-tree"]] == [r.id for r in few]
    assert totals == {"mutate-tree": 4 * SAMPLE_SIZE}


def test_the_best_are_those_of_the_highest_bsota_wr():
    found = best_by_bsota(MANY, 12)

    rates = [r.score.bsota_wr.value for r in found]
    assert len(found) == 12
    assert rates == sorted(rates, reverse=True)
    assert min(rates) >= max(r.score.bsota_wr.value for r in MANY if r not in found)


def test_a_lineage_is_all_ancestors_and_its_main_line_follows_the_better_parent():
    records = [*baselines(), *FAMILY]
    again = record("relu", 1.0, 0.1, generation=2, parents=["daughter"])

    family = lineage([*records, again], FAMILY[-1])

    assert {r.id for r in family} == {"relu", "tanh", "grandmother", "mother", "daughter"}
    assert [r.id for r in main_line(family, FAMILY[-1])][-2:] == ["mother", "daughter"]


def test_the_facts_have_what_scripts_were_promised_and_more():
    facts = pareto_facts(overview(CAMPAIGNS["many"]), overview([], name="beta"))

    assert facts["objectives"] == ["b_wr", "n_behaviour"]
    assert {"id", "source", "b_wr", "bsota_wr", "n_text", "n_behaviour", "probability"} <= set(
        facts["front"][0]
    )
    assert facts["knee"] in [member["id"] for member in facts["front"]]
    assert facts["over"]["name"] == "beta"
    assert (facts["over"]["front"], facts["over"]["hypervolume"]) == ([], 0.0)


def test_a_campaign_without_a_front_says_so():
    console = Console(file=io.StringIO(), width=80)

    console.print(pareto_view(overview([])))

    assert "No candidate has been trained in full yet" in console.file.getvalue()


def test_a_legend_has_as_many_columns_as_its_picture_is_wide():
    def columns(width: float) -> int:
        figure = blank(width, 3.0)
        axes = figure.subplots()
        for number in range(4):
            axes.plot([0, 1], label=f"the name of a line, number {number}")
        legend_below(figure)
        FigureCanvasAgg(figure).draw()
        (legend,) = figure.legends
        assert legend.get_window_extent().width <= figure.bbox.width
        return len({round(text.get_window_extent().x0) for text in legend.get_texts()})

    with picture_style():
        assert [columns(width) for width in (9.0, 5.0, 2.5)] == [3, 2, 1]
