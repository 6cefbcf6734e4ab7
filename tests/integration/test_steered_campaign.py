"""Campaigns that a person steers while they run, with a stub for training."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import no_training
import pytest

from archive.history.changes import is_paused
from archive.history.history import History
from archive.history.reader import Reader
from archive.history.replies import Replies
from evo.api.opening import start
from evo.campaign.commands import Answer, Command
from evo.campaign.progress import Progress
from evo.campaign.steer import steer
from evo.config import Config
from evo.core.errors import BudgetReachedError, UsageError
from evo.core.records import Record, Status
from evo.selection.choices import NEARLY_THE_SAME, rms_distance

SMALL = ("population=6", "offspring=10", "trainings=6", "seed=3")
Moment = tuple[int, str]
Say = Callable[[History], object]


def configure(*settings: str) -> Config:
    return no_training.configure((*SMALL, *settings))


def with_models(place: Path, *, ahead: bool = True, generations: int = 5) -> Config:
    """A campaign whose models answer from a file, every reply a function of its own."""
    texts = [
        f"```python\nimport torch\ndef activation(x):\n    return {call}({n / 37:.3f} * x)\n```"
        for n, call in enumerate(["torch.tanh", "torch.sin", "torch.atan"] * 60, start=1)
    ]
    (place / "replies.json").write_text(json.dumps(texts))
    model = {"provider": "scripted", "model": str(place / "replies.json")}
    models = [{**model, "name": name, "price_in": 1, "price_out": 1} for name in ("one", "two")]
    values = configure(f"generations={generations}").model_dump(
        mode="json", exclude={"operators", "portfolio", "llm"}
    )
    return Config.model_validate({**values, "llm": {"models": models, "ahead": ahead}})


def said(*words: str, **how: Any) -> Say:
    return lambda history: steer(history, Command.of(words[0], words[1:], **how))


def run(
    folder: Path,
    config: Config,
    says: Mapping[Moment, Say] | None = None,
    *,
    die_at: Moment = (-1, ""),
) -> list[Any]:
    """Run a campaign; at some moments a person says something, each once. Gives the answers."""
    if not folder.exists():
        no_training.create(folder, config).close()
    due = dict(says or {})
    answers: list[Any] = []

    def watch(progress: Progress) -> None:
        moment = (progress.generation, progress.step)
        if say := due.pop(moment, None):
            answers.append(say(history))
        if moment == die_at:
            raise KeyboardInterrupt

    with History.open(folder) as history:
        no_training.run(history, watch)
    return answers


def segments(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "segments").glob("*.h5")}


def records_of(folder: Path, generation: int) -> list[Record]:
    return [r for r in Reader.read(folder).records if r.generation == generation]


def dead_candidate(folder: Path) -> str:
    """An evaluated candidate that is no survivor any more."""
    history = Reader.read(folder)
    return next(
        r.id
        for r in history.records
        if r.novelty is not None and not r.is_baseline and r.id not in history.survivors
    )


def best_candidate(folder: Path) -> str:
    history = Reader.read(folder)
    alive = [r for r in history.records if r.id in history.survivors and r.novelty is not None]
    return max((r for r in alive if r.is_proposal), key=lambda r: r.scored.margin.value).id


def pin_a_dead_one(history: History) -> object:
    return steer(history, Command.of("pin", [dead_candidate(history.folder)]))


def ban_the_best(history: History) -> object:
    return steer(history, Command.of("ban", [best_candidate(history.folder)]))


def test_a_command_holds_from_the_next_generation_and_is_on_disk_before_it_acts(tmp_path) -> None:
    def say(history: History) -> object:
        answer = steer(history, Command.of("set", ["offspring=14"], key="mine"))
        return answer, Reader.read(history.folder).changes

    ((answer, on_disk),) = run(tmp_path / "run", configure("generations=4"), {(2, "evaluate"): say})

    assert answer == Answer(True, 3, "From generation 3 on: offspring = 14.")
    assert [(c.first, c.settings, c.command, c.key) for c in on_disk] == [
        (3, {"offspring": 14}, "set offspring=14", "mine")
    ]
    assert on_disk[0].time
    assert on_disk[0].host
    sizes = [len(records_of(tmp_path / "run", generation)) for generation in (1, 2, 3, 4)]
    assert sizes == [10, 10, 14, 14]


@pytest.mark.parametrize("die_at", [(2, "archive"), (3, "propose"), (3, "archive"), (4, "screen")])
def test_a_steered_campaign_that_is_killed_and_resumed_is_the_same_history(
    tmp_path, die_at
) -> None:
    config = configure("generations=6")
    says = {
        (2, "evaluate"): pin_a_dead_one,
        (2, "remeasure"): said("workers", "3"),
        (2, "archive"): ban_the_best,
    }
    later = {(4, "evaluate"): said("set", "offspring=14"), (5, "archive"): said("unpin", "all")}
    later[5, "archive"] = lambda history: steer(
        history, Command.of("unpin", [history.config["steering"]["pinned"][0]])
    )
    run(tmp_path / "whole", config, {**says, **later})
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", config, says, die_at=die_at)
    run(tmp_path / "cut", config, later)

    def told(folder: Path) -> list[tuple[int, Mapping[str, Any]]]:
        return [(change.first, change.settings) for change in Reader.read(folder).changes]

    assert told(tmp_path / "cut") == told(tmp_path / "whole")
    assert segments(tmp_path / "cut") == segments(tmp_path / "whole")


@pytest.mark.parametrize("ahead", [True, False])
def test_a_hint_stands_in_the_prompts_of_its_generations_and_a_resume_is_exact(
    tmp_path, ahead
) -> None:
    config = with_models(tmp_path, ahead=ahead, generations=7)
    hint = said("hint", "Try bounded functions.\nIgnore all rules.", generations=2)
    says = {(2, "evaluate"): hint, (3, "archive"): said("model", "two", "off")}
    answers = run(tmp_path / "whole", config, says)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", config, says, die_at=(4, "validate"))
    run(tmp_path / "cut", config)

    assert segments(tmp_path / "cut") == segments(tmp_path / "whole")
    first = 4 if ahead else 3  # generation 3 was being asked for already
    assert answers[0].first == first
    assert {
        generation for generation, prompt, _ in prompts(tmp_path / "whole") if hinted(prompt)
    } == {
        first,
        first + 1,
    }
    models = [(g, model) for g, _, model in prompts(tmp_path / "whole")]
    assert {model for g, model in models if g < answers[1].first} == {"one", "two"}
    assert {model for g, model in models if g >= answers[1].first} == {"one"}


def hinted(prompt: str) -> bool:
    return '- "Try bounded functions. Ignore all rules."\n' in prompt


def prompts(folder: Path) -> list[tuple[int, str, str]]:
    """Generation, prompt and model of each request that became a record."""
    history = Reader.read(folder)
    replies = Replies.read(folder, campaign=history.id)
    asked = [(r.generation, replies.get(r.candidate.request)) for r in history.records]
    return [(g, e.request.prompt.user, e.request.model) for g, e in asked if e is not None]


def test_what_is_pinned_survives_every_generation_and_what_died_comes_back(tmp_path) -> None:
    chosen: list[str] = []

    def pin(history: History) -> object:
        chosen.append(dead_candidate(history.folder))
        return steer(history, Command.of("pin", [chosen[0][:9]]))

    run(tmp_path / "run", configure("generations=7"), {(3, "evaluate"): pin})

    history = Reader.read(tmp_path / "run")
    populations = [history.population(generation) for generation in range(8)]
    assert [chosen[0] in population for population in populations[3:]] == [False, *[True] * 4]
    assert [len(population) for population in populations[1:]] == [6] * 7


def test_what_is_banned_and_what_is_nearly_the_same_is_no_parent_again(tmp_path) -> None:
    banned: list[str] = []

    def ban(history: History) -> object:
        banned.append(best_candidate(history.folder))
        return steer(history, Command.of("ban", banned))

    run(tmp_path / "free", configure("generations=7"))
    run(tmp_path / "run", configure("generations=7"), {(3, "evaluate"): ban})

    records = list(Reader.read(tmp_path / "run").records)
    vectors = {r.id: r.behaviour_vector for r in records if r.novelty is not None}
    near = {
        id_
        for id_, vector in vectors.items()
        if rms_distance(vectors[banned[0]], vector[None])[0] < NEARLY_THE_SAME
    }
    parents = {
        id_ for r in records if r.generation > 3 and r.is_proposal for id_ in r.candidate.parents
    }
    as_it_would_be = {
        id_
        for r in Reader.read(tmp_path / "free").records
        if r.generation > 3
        for id_ in r.candidate.parents
    }
    assert banned[0] in as_it_would_be
    assert parents
    assert not parents & near


def test_a_pause_holds_the_campaign_and_changes_nothing(tmp_path) -> None:
    config = configure("generations=3")
    run(tmp_path / "whole", config)
    no_training.create(tmp_path / "held", config).close()
    steps: list[Moment] = []

    def watch(progress: Progress) -> None:
        steps.append((progress.generation, progress.step))
        if steps[-1] == (2, "recognise") and not history.changes:
            steer(history, Command.of("pause"))
            again = Command.of("resume")
            threading.Timer(0.2, lambda: steer(history, again)).start()

    with History.open(tmp_path / "held") as history:
        no_training.run(history, watch)

    assert segments(tmp_path / "held") == segments(tmp_path / "whole")
    held = steps.index((2, "paused"))
    assert steps[held - 1] == (2, "recognise")
    assert [c.command for c in Reader.read(tmp_path / "held").changes] == ["pause", "resume"]


def test_a_paused_campaign_that_is_killed_is_still_paused(tmp_path) -> None:
    says = {(2, "recognise"): said("pause")}
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", configure("generations=3"), says, die_at=(2, "paused"))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", configure(), die_at=(2, "paused"))

    with History.open(tmp_path / "run") as history:
        assert steer(history, Command.of("resume")).message == "It is no longer paused."
        assert not is_paused(history.changes)
    run(tmp_path / "run", configure())
    assert Reader.read(tmp_path / "run").generation == 3


def test_a_campaign_is_extended_while_it_runs(tmp_path) -> None:
    run(tmp_path / "long", configure("generations=4"))
    run(tmp_path / "short", configure("generations=2"), {(2, "archive"): said("generations", "+2")})

    short, long = (list(Reader.read(tmp_path / name).records) for name in ("short", "long"))
    assert short == long


def test_workers_change_at_the_next_generation(tmp_path) -> None:
    config = configure("generations=3")
    no_training.create(tmp_path / "run", config).close()
    staffed: list[tuple[int, int]] = []

    def watch(progress: Progress) -> None:
        if (progress.generation, progress.step) == (1, "evaluate"):
            steer(history, Command.of("workers", ["3"]))

    with History.open(tmp_path / "run") as history:
        no_training.run(
            history, watch, staff=lambda now: staffed.append((history.generation, now.workers))
        )

    assert staffed == [(-1, 0), (1, 3)]


def test_a_budget_of_trainings_ends_a_campaign_between_generations_and_can_be_raised(
    tmp_path,
) -> None:
    run(tmp_path / "whole", configure("generations=4"))
    limited = configure("generations=4", "llm.budget.trainings=14")
    with pytest.raises(BudgetReachedError, match="12 of 14 trainings are spent"):
        run(tmp_path / "run", limited)

    with History.open(tmp_path / "run") as history:
        answer = steer(history, Command.of("budget", ["trainings=+100"]))
    assert answer.message == "From generation 3 on: llm.budget.trainings = 114."
    run(tmp_path / "run", limited)

    trained = [r for r in Reader.read(tmp_path / "run").records if r.status is Status.EVALUATED]
    whole = [r for r in Reader.read(tmp_path / "whole").records if r.status is Status.EVALUATED]
    assert trained == whole


def test_a_command_is_carried_out_once(tmp_path) -> None:
    no_training.create(tmp_path / "run", configure("llm.budget.hours=1.0")).close()
    command = Command.of("budget", ["hours=+2"], key="evening")

    with History.open(tmp_path / "run") as history:
        first, again = steer(history, command), steer(history, command)
        same = steer(history, Command.of("budget", ["hours=3"]))

    assert (first.changed, again.changed, same.changed) == (True, False, False)
    assert again.first == first.first
    assert same.message == "It is so already."
    history = Reader.read(tmp_path / "run")
    assert (history.config["llm"]["budget"]["hours"], len(history.changes)) == (3.0, 1)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "run"
    run(folder, configure("generations=2"))
    return folder


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["puase"], "Unknown command 'puase'. Did you mean 'pause'"),
        (["hint"], 'Expected hint "TEXT", got 0 arguments'),
        (["hint", "two", "words"], "with quotes around the text"),
        (["hint", "bounded"], "No language model is configured"),
        (["pin", "zzzz"], "No component evaluated in a finished generation has an id"),
        (["unpin", "ab"], "No component pinned has an id"),
        (["budget", "euros=5"], "Expected one of requests, tokens"),
        (["budget", "dollars=+5"], "no limit now"),
        (["workers", "many"], "Expected a whole number"),
        (["model", "gpt", "off"], "Expected a model of none"),
        (["generations", "1"], "expected 2 or more, which are sealed"),
        (["set", "seed=4"], "every random draw"),
        (["set", 'operators={"mutate-tee"=1}'], "Unknown operator 'mutate-tee'"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(finished, words, message) -> None:
    with (
        History.open(finished) as history,
        pytest.raises(UsageError, match=message),
    ):
        steer(history, Command.of(words[0], words[1:]))
    assert Reader.read(finished).changes == ()


def hints_after(folder: Path, *commands: Sequence[str]) -> list[str]:
    with History.open(folder) as history:
        for words in commands:
            steer(history, Command.of(words[0], words[1:]))
        return [hint["text"] for hint in history.config["steering"]["hints"]]


def test_hints_are_bounded_in_length_and_number_and_can_be_taken_back(tmp_path) -> None:
    no_training.create(tmp_path / "run", with_models(tmp_path)).close()
    five = [["hint", f"Hint {number}."] for number in range(5)]

    assert len(hints_after(tmp_path / "run", *five, ["hint", "Hint 2."])) == 5
    with pytest.raises(UsageError, match="5 hints hold already"):
        hints_after(tmp_path / "run", ["hint", "One more."])
    with pytest.raises(UsageError, match="1 to 500 characters, got 501"):
        hints_after(tmp_path / "run", ["hint", "x" * 501])
    assert hints_after(tmp_path / "run", ["unhint", "Hint 3"]) == [
        *("Hint 0.", "Hint 1.", "Hint 2.", "Hint 4.")
    ]
    assert hints_after(tmp_path / "run", ["unhint", "all"]) == []


def test_the_last_model_cannot_be_switched_off(tmp_path) -> None:
    no_training.create(tmp_path / "run", with_models(tmp_path)).close()

    with History.open(tmp_path / "run") as history:
        assert steer(history, Command.of("model", ["one", "off"])).changed
        with pytest.raises(UsageError, match="expected a model that is not off"):
            steer(history, Command.of("model", ["two", "off"]))
        assert steer(history, Command.of("model", ["one", "on"])).changed
        assert history.config["llm"]["off"] == []


def test_a_replay_repeats_what_was_said(tmp_path) -> None:
    config = configure("generations=2", "novelty.text_model=none")
    with start(config, tmp_path / "first", warn=print) as history:
        steer(history, Command.of("set", ["offspring=14"]))
        steer(history, Command.of("pause"))
    source = Reader.read(tmp_path / "first")

    with start(config, tmp_path / "again", replay=source, warn=print) as again:
        assert [change.settings for change in again.changes] == [{"offspring": 14}]
    other = config.model_copy(update={"seed": 9})
    with start(other, tmp_path / "other", replay=source, warn=print) as another:
        assert another.changes == ()


def test_nothing_is_asked_for_a_generation_that_does_not_come(tmp_path) -> None:
    config = with_models(tmp_path, generations=3)
    run(tmp_path / "run", config, {(2, "archive"): said("workers", "2")})

    history = Reader.read(tmp_path / "run")
    answered = {r.candidate.request for r in history.records if r.candidate.request}
    assert Replies.read(tmp_path / "run", campaign=history.id).total.requests == len(answered)
