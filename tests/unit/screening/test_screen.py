from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from support.records import record

from evo.core.estimate import Estimate
from evo.core.records import BASELINE_OPERATOR, Generation, Record, Score, Status
from evo.core.stages import Stage
from evo.screening.features import Features
from evo.screening.learner import Learner
from evo.screening.lessons import Lessons
from evo.screening.model import Example, RewardModel
from evo.screening.screen import RewardScreen
from evo.screening.settings import RewardSettings

TRAININGS, PROPOSALS = 16, 48
SETTINGS = RewardSettings(
    screening=True,
    first_generation=4,
    random_share=0.25,
)


def extract_features(records):
    """Features that need no graph: behaviour, and the same once more."""
    behaviour = np.stack([record.behaviour_vector for record in records])
    return {"behaviour": behaviour, "propagation": behaviour}


def truth(record: Record) -> float:
    return float(1 / (1 + np.exp(-2 * record.behaviour_vector[0])))


def evaluated(record: Record) -> Record:
    rate = truth(record)
    interval = Estimate(rate, max(0.0, rate - 0.05), min(1.0, rate + 0.05))
    score = Score(1, (), interval, interval, interval, {})
    return replace(record, status=Status.EVALUATED, stage=Stage.EVALUATE, score=score)


def proposals(generation: int) -> list[Record]:
    rng = np.random.default_rng([7, generation])
    operator = "test" if generation else BASELINE_OPERATOR
    return [
        record(
            f"{generation}-{place}",
            operator=operator,
            generation=generation,
            behaviour_vector=rng.standard_normal(6).astype(np.float32),
        )
        for place in range(PROPOSALS if generation else 12)
    ]


@dataclass
class Life:
    learner: Learner
    generations: list[list[Record]]

    def lift(self, generation: int) -> float:
        """How much better what trained is than what did not, in win rate."""
        trained = [truth(r) for r in self.generations[generation] if r.score is not None]
        others = [truth(r) for r in self.generations[generation] if r.score is None]
        return float(np.mean(trained) - np.mean(others))

    def reasons(self, generation: int) -> set[str]:
        return {r.reason for r in self.generations[generation] if r.reason}


def new_learner(settings: RewardSettings = SETTINGS, **more) -> Learner:
    return Learner(extract_features, settings, seed=5, **more)  # type: ignore[arg-type]


def live(
    generations: int,
    settings: RewardSettings = SETTINGS,
    trainings: Callable[[int], int] = lambda generation: TRAININGS,
    **more,
) -> Life:
    learner = new_learner(settings, **more)
    life = Life(learner, [])
    for generation in range(generations):
        screen = RewardScreen(learner, settings, trainings=trainings(generation))
        records = proposals(generation)
        records = screen(records) if generation else records
        records = [evaluated(r) if r.status is Status.PROPOSED else r for r in records]
        learner.take(Generation(generation, records, ()))
        life.generations.append(records)
    return life


def poisoned(when: Callable[[int], bool]) -> Callable[[Features, Example], RewardModel]:
    """Fits as usual, but to the opposite of the margins where the count of examples says so."""

    def fit(features: Features, examples: Example) -> RewardModel:
        if when(len(examples.value)):
            examples = examples._replace(value=1 - examples.value)
        return RewardModel.fit(features, examples)

    return fit


def test_what_trains_under_a_good_model_is_better_than_what_does_not() -> None:
    life = live(7)

    assert abs(np.mean([life.lift(g) for g in (1, 2, 3)])) < 0.15  # by chance
    assert np.mean([life.lift(g) for g in (4, 5, 6)]) > 0.3
    assert any("expects a margin of" in reason for reason in life.reasons(5))


def test_as_many_train_as_there_are_trainings_and_some_always_by_chance() -> None:
    life = live(6)

    for generation, records in enumerate(life.generations[1:], start=1):
        assert sum(r.score is not None for r in records) == TRAININGS
        draw = life.learner.draw(generation, PROPOSALS, TRAININGS)
        assert all(records[place].score is not None for place in draw.order[: draw.random])
    assert life.learner.draw(3, PROPOSALS, TRAININGS).random == TRAININGS
    assert life.learner.draw(4, PROPOSALS, TRAININGS).random == 4


def test_trainings_that_change_leave_the_past_as_it_was() -> None:
    life = live(7, trainings=lambda generation: TRAININGS if generation < 6 else 8)

    # Generations 2 to 6 are watched: two before screening, two of a quarter of 16, one of 8.
    assert life.learner.trust(7).count == 2 * TRAININGS + 2 * 4 + 2
    assert sum(r.score is not None for r in life.generations[6]) == 8


def test_a_poisoned_model_never_comes_to_screen() -> None:
    life = live(7, fit=poisoned(lambda count: True))

    for generation in (4, 5, 6):
        assert all("the reward model is not used" in why for why in life.reasons(generation))


def test_a_model_that_goes_bad_steps_aside_within_the_generations_that_are_watched() -> None:
    # 12 baselines and 16 a generation: from the sixth generation on every model is poisoned.
    fit = poisoned(lambda count: count >= 12 + 5 * TRAININGS)

    life = live(6 + SETTINGS.watched + 1, fit=fit)

    assert life.lift(5) > 0.2
    assert life.lift(6) < -0.2
    assert all("is not used" in why for why in life.reasons(6 + SETTINGS.watched))


def taught(*, wrongly: bool = False) -> Lessons:
    """Evaluations of another campaign, or their opposite."""
    others = [evaluated(record) for g in (91, 92, 93) for record in proposals(g)]
    examples = Example.of(record.scored.margin for record in others)
    if wrongly:
        examples = examples._replace(value=1 - examples.value)
    features = extract_features(others)
    first = {name: block[:1] for name, block in features.items()}
    return Lessons("activation", "digits", ["other"], features, examples, first)


EARLY = SETTINGS.model_copy(update={"first_generation": 2})


def test_lessons_of_others_screen_as_soon_as_one_generation_has_shown_that_they_hold() -> None:
    life = live(3, EARLY, lessons=taught())

    assert life.learner.trust(2).is_earned
    assert any("expects a margin of" in reason for reason in life.reasons(2))
    assert life.lift(2) > 0.3
    assert live(2, EARLY).learner.model(1) is None


def test_lessons_that_are_wrong_here_do_not_come_to_screen() -> None:
    life = live(3, EARLY, lessons=taught(wrongly=True))

    assert life.learner.trust(2).correlation < 0
    assert all("is not used" in reason for reason in life.reasons(2))


def test_lessons_give_way_to_what_the_campaign_has_evaluated_itself() -> None:
    settings = SETTINGS.model_copy(update={"window": 50})
    without, beside = live(6, settings), live(6, settings, lessons=taught(wrongly=True))

    # 12 baselines and 16 a generation: from the fourth on its own fill the window.
    assert beside.learner.model(3) is not None
    one, other = new_learner(settings), new_learner(settings, lessons=taught(wrongly=True))
    for generation, records in enumerate(without.generations):
        one.take(Generation(generation, records, ()))
        other.take(Generation(generation, records, ()))
    found = [learner.model(6) for learner in (one, other)]
    assert found[0] is not None and found[1] is not None
    assert np.array_equal(found[0].weights, found[1].weights)


def test_a_learner_that_is_told_the_past_has_the_same_models_and_trust() -> None:
    life = live(8)

    again = new_learner()
    for generation, records in enumerate(life.generations):
        again.take(Generation(generation, records, ()))

    one, other = life.learner.model(8), again.model(8)
    assert one is not None and other is not None
    assert np.array_equal(one.weights, other.weights)
    assert life.learner.trust(8) == again.trust(8)


def test_what_no_watched_model_needs_is_forgotten_and_changes_nothing() -> None:
    settings = SETTINGS.model_copy(update={"window": 50, "watched": 2})
    life = live(12, settings)

    fresh = new_learner(settings)
    for generation, records in enumerate(life.generations[4:], start=4):
        fresh.take(Generation(generation, records, ()))

    # 16 a generation: those from the fifth on fill the window of the oldest watched model.
    assert [g for g in range(4, 9) if life.learner.model(g) is None] == [4, 5, 6]
    assert life.learner.trust(12) == fresh.trust(12)


def test_few_candidates_pass_without_a_look() -> None:
    learner = new_learner()
    records = proposals(1)[:TRAININGS]

    assert RewardScreen(learner, SETTINGS, trainings=TRAININGS)(records) == records
