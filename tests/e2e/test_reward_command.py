from pathlib import Path

import no_training
import pytest
from support.command import ONE_NETWORK, Evo, Finished

PROTOCOL = f"protocol.rungs=[{ONE_NETWORK}, {{epochs = 1, seeds = 3, networks = 1}}]"
SCREENED = (
    *('tasks=["digits"]', "seed=6", "generations=3", "offspring=20", "trainings=12"),
    *("reward.screening=true", "reward.first_generation=2", "novelty.text_model=none"),
    *(PROTOCOL, "protocol.learning_rates=[0.01]"),
)


@pytest.fixture(scope="module")
def screened(workplace: Path) -> str:
    """The name of a campaign that a reward model may screen; it has trained nothing."""
    config = no_training.configure(SCREENED)
    with no_training.create(workplace / "runs" / "screened", config) as history:
        no_training.run(history, lambda _: None)
    return "screened"


@pytest.fixture(scope="module")
def saved(evo: Evo, screened: str) -> Finished:
    """The facts of `evo reward` about it, with a picture and the lessons."""
    done = evo("reward", screened, "--json", "--plot", "pictures", "--save", "lessons.parquet")
    assert done.code == 0, done.err
    return done


def test_the_facts_have_the_curve_the_matrix_and_the_trust(saved: Finished) -> None:
    facts = saved.json

    assert (facts["campaigns"], facts["screening"], facts["by"]) == (["screened"], True, "operator")
    assert facts["evaluated"] >= 25
    assert facts["found_at_quarter_ci"][0] <= facts["found_at_quarter"]
    assert [facts["curve"][0]["found"], facts["curve"][-1]["found"]] == [0, 1]
    assert set(facts["trust"]) >= {"earned", "rank_correlation", "candidates"}


def test_the_picture_and_the_lessons_are_saved(saved: Finished, workplace: Path) -> None:
    assert {"efficiency.png", "efficiency.svg"} <= {
        path.name for path in (workplace / "pictures").iterdir()
    }
    assert (workplace / "lessons.parquet").stat().st_size > 1000
    assert f"{saved.json['evaluated']} lessons: lessons.parquet" in saved.err


def test_the_table_tells_people_the_same(evo: Evo, screened: str) -> None:
    done = evo("reward", screened)

    words = " ".join(done.out.split())
    assert done.code == 0, done.err
    assert "Share of the best 5 % found" in words
    assert "Predicted before training" in words


@pytest.mark.heavy(
    quick="test_screened_campaign.py::"
    "test_lessons_of_a_campaign_screen_another_from_its_second_generation_on"
)
def test_a_campaign_begins_with_the_lessons_and_status_says_how_its_model_stands(
    evo: Evo, saved: Finished, workplace: Path
) -> None:
    taught = ("--set", "reward.screening=true", "--set", "reward.lessons=lessons.parquet")
    short = ("--set", "novelty.text_model=none", "--set", "generations=1", "--set", PROTOCOL)
    done = evo("run", "smoke", "--name", "taught", *taught, *short, "--json")

    assert done.code == 0, done.err
    copy = workplace / "runs" / "taught" / "lessons.parquet"
    assert copy.read_bytes() == (workplace / "lessons.parquet").read_bytes()
    assert done.json["reward"]["state"] in ("early", "screens", "aside")
    assert "reward model" in done.err
    assert "reward.state" in evo("status", "taught").out
    assert evo("check", "taught").code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("none",), "Unknown campaign 'none'"),
        (("whole",), "too few to learn from"),
        (("whole", "--by", "models"), "Did you mean 'model'?"),
        (("whole", "--save", "nowhere/lessons.parquet"), "a folder that exists"),
    ],
)
def test_wrong_use_of_reward_ends_with_one_message(
    evo: Evo, finished_run: str, words: tuple[str, ...], message: str
) -> None:
    done = evo("reward", *words)

    assert (done.code, done.out) == (2, "")
    assert message in " ".join(done.err.split())


def test_lessons_that_are_none_end_a_run_before_it_begins(evo: Evo, workplace: Path) -> None:
    (workplace / "none.parquet").write_text("no")
    taught = ("--set", "reward.screening=true", "--set", "reward.lessons=none.parquet")

    done = evo("run", "smoke", "--name", "refused", *taught)

    assert done.code == 2
    assert "expected a file of evo reward --save" in " ".join(done.err.split())
    assert not (workplace / "runs" / "refused").exists()
