"""What trainings of a configuration need of this machine, or of others."""

import pytest

from evo.campaign.config import Config, load
from evo.campaign.needs import device_of, needs_of, warnings_of_waiting
from evo.campaign.process import configured_workers, engine_of
from evo.compute.engines.local import Local
from evo.compute.engines.ray import Ray
from evo.core.errors import UsageError


@pytest.mark.parametrize(
    ("settings", "device"),
    [
        (["compute=ray"], "cpu"),
        (["compute=ray", "gpus_per_training=0.25"], "cuda"),
        (["compute=ray", "gpus_per_training=0.25", "device=cpu"], "cpu"),
        (["compute=slurm", "device=cuda"], "cuda"),
        (["device=cpu"], "cpu"),
    ],
)
def test_a_cluster_has_the_device_that_trainings_reserve_whatever_this_machine_has(
    settings: list[str], device: str
) -> None:
    assert device_of(load("default", settings)) == device


def test_an_engine_gets_the_names_of_secrets_and_what_a_training_reserves() -> None:
    model = 'llm.models=[{model="gpt", key_env="MY_KEY", price_in=0, price_out=0}]'
    config = load("default", [model, "workers=7", "cpus_per_training=2", "cluster.address=auto"])

    needs = needs_of(config)

    assert (needs.workers, needs.cpus, needs.secrets) == (7, 2.0, frozenset({"MY_KEY"}))
    assert needs.cluster.address == "auto"


def test_workers_of_this_machine_reserve_their_processors(monkeypatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))

    counts = [
        configured_workers(Config(device="cpu", cpus_per_training=cpus, trainings=32))
        for cpus in (1, 3)
    ]

    assert counts == [8, 2]


def test_the_engine_is_the_one_of_the_name_and_another_name_is_refused() -> None:
    assert isinstance(engine_of(Config()), Local)
    assert isinstance(engine_of(Config(compute="ray")), Ray)
    with pytest.raises(UsageError, match=r"Unknown compute engine 'rai'\. Did you mean 'ray'"):
        engine_of(Config(compute="rai"))


@pytest.mark.parametrize(
    "settings", [["overlap=1", "llm.budget.trainings=9"], ["overlap=1", 'llm.models=[{model="x"}]']]
)
def test_overlapping_generations_go_with_nothing_that_counts_them(settings: list[str]) -> None:
    with pytest.raises(UsageError, match="expected overlap = 0 with llm"):
        load("default", settings)


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        (["workers=128"], "trainings = 1536, offspring = 2304, overlap = 3:"),
        (["workers=128", "trainings=256", "offspring=384"], "trainings = 1536, "),
        (["workers=16", "llm.budget.trainings=99"], "trainings = 192, offspring = 288:"),
    ],
)
def test_workers_that_a_generation_cannot_keep_busy_are_warned_of(
    settings: list[str], advice: str
) -> None:
    (warning,) = warnings_of_waiting(load("default", settings))

    assert f"say {advice}" in warning


@pytest.mark.parametrize(
    "settings",
    [
        ["workers=0"],
        ["workers=4"],
        ["workers=8"],
        ["workers=128", "trainings=1500", "offspring=2250", "overlap=3"],
        ["workers=128", "trainings=128", "offspring=192", "overlap=3"],
    ],
)
def test_a_generation_that_is_large_enough_is_not(settings: list[str]) -> None:
    assert warnings_of_waiting(load("default", settings)) == []
