"""Briefings of a small search over activations, in memory."""

from collections.abc import Sequence

import numpy as np
import pytest
from support.briefings import known_components
from support.records import evaluated, record, trials

from archive.novelty.settings import NoveltySettings
from evo.components.activation import Activation
from evo.components.kinds import kinds
from evo.core.records import Generation, Record, Status
from evo.core.search_setting import SearchSetting
from evo.core.stages import Stage
from evo.evaluation.protocol import Protocol
from evo.proposing.feedback.briefings import Briefings
from evo.proposing.feedback.plan import Plan
from evo.proposing.feedback.results import Results
from evo.proposing.feedback.setting import setting_of
from evo.proposing.feedback.settings import FeedbackSettings
from evo.proposing.member import VariedMember
from evo.proposing.occasion import Occasion
from evo.selection.settings import SelectionSettings
from evo.tasks.setting import task_setting
from evo.validation.graph.graph import Graph
from operators.briefing import Answers, Briefing, Portrait
from operators.listing import Listing

KIND = Activation()
VARIED = VariedMember(KIND, KIND)


def known(name: str, loss: float, formula: str, **fields) -> Record:
    source = f"import torch\n\ndef activation(x):\n    return {formula}\n"
    losses = [loss, 1.01 * loss, 0.99 * loss]
    vector = np.full(64, loss, dtype=np.float32)
    return evaluated(
        name, trials=trials(losses, rung=1), source=source, behaviour_vector=vector, **fields
    )


RELU = known("0" * 16, 0.4, "torch.relu(x)", operator="baseline", generation=0)
GELU = known("1" * 16, 0.3, "torch.nn.functional.gelu(x)", operator="baseline", generation=0)
BASELINES = {"relu": RELU, "gelu": GELU}
PARENT = known("a" * 16, 0.26, "x * torch.sigmoid(x)", parents=["0" * 16])
SIBLING = known("d" * 16, 0.5, "torch.relu(x) + 1", parents=["0" * 16])
CHILD = known("b" * 16, 0.2, "x * torch.sigmoid(1.4 * x)", parents=["a" * 16], generation=2)
MIXED = known(
    "e" * 16,
    0.45,
    "torch.relu(x) + 2",
    parents=["0" * 16, "d" * 16],
    generation=2,
    model="model",
)
AGAIN = record(
    "b" * 16,
    Status.DUPLICATE,
    source=CHILD.candidate.source,
    parents=["0" * 16],
    stage=Stage.PROPOSE,
    reason=f"computes the same as {'b' * 16}",
    generation=2,
)
LAST = 2


@pytest.fixture(scope="module")
def setting() -> SearchSetting:
    return setting_of(
        KIND,
        [task_setting("digits", gated=False)],
        Protocol(),
        selection=SelectionSettings(),
        novelty=NoveltySettings(),
        baselines=list(BASELINES.items()),
    )


def made(how: SearchSetting, further: Sequence[Record] = (), **switches: bool) -> Briefings:
    results, settings = Results(), FeedbackSettings.model_validate(switches)
    for number, records in enumerate([[RELU, GELU], [PARENT, SIBLING], [CHILD, MIXED, AGAIN]]):
        results.take(Generation(number, records, []))
    results.take(Generation(LAST + 1, list(further), []))
    plan = Plan(results, settings, [])
    return Briefings(results, how, BASELINES, plan=plan, seed=0, settings=settings)


@pytest.fixture(scope="module")
def briefings(setting: SearchSetting) -> Briefings:
    return made(setting)


def filled(
    briefings: Briefings, parents: Sequence[Record], *, index: int = 0, last: int = LAST
) -> Briefing:
    occasion = Occasion(3, index, last, VARIED, parents, [PARENT, CHILD, SIBLING])
    return briefings(Briefing(KIND.contract, BASELINES, parents), occasion)


def test_a_parent_comes_with_its_networks_its_distance_and_its_name(briefings) -> None:
    portrait = filled(briefings, [PARENT]).portraits[PARENT.id]

    assert portrait.name == "aaaaaa"
    (result,) = portrait.results
    assert (result.network, result.rival) == ("mlp", "gelu")
    assert result.margin.value == pytest.approx(np.log(0.3 / 0.26))
    assert (portrait.nearest, portrait.distance) == ("gelu", pytest.approx(0.04, rel=1e-4))


def test_what_was_tried_has_its_change_and_its_effect(briefings) -> None:
    (attempt,) = filled(briefings, [PARENT]).tried

    assert attempt.change == (
        "- return x * torch.sigmoid(x)",
        "+ return x * torch.sigmoid(1.4 * x)",
    )
    assert attempt.effect is not None
    assert attempt.effect.value == pytest.approx(np.log(0.26 / 0.2))
    assert attempt.trainings == 3


def test_a_repeated_source_has_the_effect_of_the_one_that_trained(briefings) -> None:
    tried = filled(briefings, [RELU]).tried

    (again,) = [attempt for attempt in tried if attempt.record.id == "b" * 16]
    assert again.effect is not None
    assert again.effect.value == pytest.approx(np.log(0.4 / 0.2))


def test_a_parent_comes_with_the_step_that_led_to_it_and_its_siblings(briefings) -> None:
    origin, *siblings = filled(briefings, [PARENT]).origins

    assert (origin.name, origin.parent) == ("aaaaaa", "relu")
    assert [sibling.name for sibling in siblings] == ["eeeeee", "dddddd"]


def test_an_attempt_is_told_once_and_against_the_parent_that_is_shown(briefings) -> None:
    both = filled(briefings, [PARENT])
    mixed = filled(briefings, [SIBLING])

    told = [attempt.record.id for attempt in [*both.tried, *both.origins, *both.answers.recent]]
    assert sorted(told) == sorted(set(told))
    (attempt,) = mixed.tried
    assert (attempt.name, attempt.parent, attempt.others) == ("eeeeee", "dddddd", ["relu"])
    assert attempt.effect is not None
    assert attempt.effect.value == pytest.approx(np.log(0.5 / 0.45))


@pytest.mark.parametrize(
    ("switch", "fields"),
    [
        ("setting", ["setting"]),
        ("leaders", ["leaders", "neighbours"]),
        ("tried", ["tried", "origins", "answers"]),
    ],
)
def test_each_part_can_be_switched_off_alone(setting: SearchSetting, switch: str, fields) -> None:
    with_all = filled(made(setting, listing=False), [PARENT])
    without = filled(made(setting, listing=False, **{switch: False}), [PARENT])

    for field in ("setting", "leaders", "neighbours", "tried", "origins", "answers"):
        shown = getattr(without, field) == getattr(with_all, field)
        assert shown == (field not in fields), field


def test_notes_can_be_switched_off_and_without_all_parts_scores_alone_are_left(setting) -> None:
    formulas = {PARENT.id: "x * torch.sigmoid(x)", SIBLING.id: "torch.relu(x) + 1"}
    children = [
        known(
            f"{place}{name[0]}{parent}"[:16],
            loss + place / 1000,
            f"{formula} + {place + 2}.0 * torch.{name}(x)",
            parents=[parent],
            generation=3,
        )
        for parent, formula in formulas.items()
        for name, loss in (("sin", 0.2), ("cos", 0.7))
        for place in range(3)
    ]
    parts = ("setting", "training", "leaders", "tried", "listing", "notes")

    noted, without, bare = (
        filled(made(setting, children, **dict.fromkeys(off, False)), [PARENT], last=3)
        for off in ((), ("notes",), parts)
    )

    assert {note.change for note in noted.notes} >= {"adds sin", "adds cos"}
    assert (without.notes, without.listing) == ([], noted.listing)
    empty = Briefing(
        *(KIND.contract, BASELINES, [PARENT]),
        portraits={PARENT.id: Portrait("aaaaaa")},
        place=bare.place,
        listing_characters=bare.listing_characters,
        still_for=bare.still_for,
    )
    for name, value in vars(empty).items():
        assert (getattr(bare, name) or None) == (value or None), name


def test_the_list_takes_the_place_of_losers_answers_and_refusals(setting: SearchSetting) -> None:
    with_list, without = (filled(made(setting, listing=on), [PARENT]) for on in (True, False))

    assert without.listing == Listing()
    assert without.answers.counts
    assert (with_list.answers, with_list.trailing, with_list.failures) == (Answers(), [], [])
    assert [line.name[0] for line in with_list.listing.trained] == [*"abde"]
    (again,) = with_list.listing.fallen
    assert (again.fate, again.reason) == ("duplicate", "computes the same as bbbbbb")
    assert not filled(made(setting), [PARENT], last=0).listing.trained


def test_without_training_facts_a_parent_has_its_name_and_its_scores_alone(setting) -> None:
    portrait = filled(made(setting, training=False), [PARENT]).portraits[PARENT.id]

    assert portrait == Portrait("aaaaaa")


def test_a_request_knows_nothing_of_later_generations(briefings) -> None:
    briefing = filled(briefings, [PARENT], last=1)

    assert not briefing.tried
    assert CHILD.id not in {record.id for record in briefing.leaders}


def test_requests_with_the_same_parents_are_never_alike(briefings) -> None:
    one, two = (filled(briefings, [PARENT], index=index) for index in (4, 5))

    assert one.place != two.place
    assert one.place.angle != two.place.angle
    assert filled(briefings, [PARENT], index=4) == one


def test_the_setting_says_what_decides(setting: SearchSetting) -> None:
    (task,) = setting.tasks
    assert (task.outputs, task.samples, task.is_classification) == (10, (1000, 297, 500), True)
    assert next(iter(task.networks)) == "mlp-64-64"
    assert "64, 64" in task.networks["mlp-64-64"]
    assert (setting.steps, setting.survival, setting.judged_by) == (31, "merit", "loss")
    assert setting.closest == ("relu", "gelu", pytest.approx(0.1))
    assert setting.role == "Replaces the non-linearity after every hidden layer."


def test_a_refined_loss_is_said_to_decide() -> None:
    refined = setting_of(
        kinds.get("loss")(),
        [task_setting("digits", gated=False)],
        Protocol(decided_by="refined"),
        selection=SelectionSettings(),
        novelty=NoveltySettings(),
        baselines=[],
    )

    assert refined.judged_by == "refined"


def test_the_cost_of_a_component_is_counted_in_operations_of_its_graph(briefings) -> None:
    known = known_components(KIND)

    portraits = filled(briefings, [known["relu"], known["softsign"]]).portraits

    assert portraits[known["relu"].id].operations == 1
    assert portraits[known["softsign"].id].operations == len(
        Graph.parse(known["softsign"].graphs[0])
    )
    setting = setting_of(
        KIND,
        [task_setting("digits", gated=False)],
        Protocol(),
        selection=SelectionSettings(),
        novelty=NoveltySettings(),
        baselines=list(known.items()),
    )
    counts = [len(Graph.parse(record.graphs[0])) for record in known.values()]
    assert setting.operations == (min(counts), max(counts))
