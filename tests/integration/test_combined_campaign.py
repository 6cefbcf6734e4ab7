"""Campaigns that evolve two kinds together; training is a stub, all else is real."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import no_training
import pytest
import torch
from fault_server import KEY, FaultServer

from archive.history.history import History
from archive.history.reader import Reader
from evo.campaign.config import Config
from evo.campaign.member_graphs import ablated_graphs, standard_graphs
from evo.components.kinds import kinds
from evo.core.records import Candidate, Record, Status
from evo.report.facts.credits import credits_of
from evo.report.facts.front import pareto_front
from evo.report.facts.overview import overview_of
from evo.report.facts.pareto import pareto_facts
from evo.report.facts.status import status_facts
from evo.validation.graph.graphs import Graphs, component_of
from evo.validation.refusal import Refused
from evo.validation.validator import Validator

PAIR = "activation+regularizer"
SETTINGS = (
    *(f"kind={PAIR}", "population=8", "offspring=16", "trainings=12", "generations=4", "seed=2"),
    "protocol.rungs=[{epochs = 1, seeds = 4, networks = 1}, {epochs = 1, seeds = 10}]",
    # Named, so that other defaults make no other campaign.
    *("selection.survival=nsga2", "selection.parents=tournament"),
    'operators={"mutate-tree" = 2, "crossover-tree" = 1, "exchange" = 1}',
)


def run(folder: Path, config: Config) -> Reader:
    no_training.create(folder, config).close()
    with History.open(folder) as history:
        no_training.run(history, lambda _: None)
    return Reader.read(folder)


@pytest.fixture(scope="module")
def campaign(tmp_path_factory) -> Reader:
    return run(tmp_path_factory.mktemp("pair") / "run", no_training.configure(SETTINGS))


def proposals(campaign: Reader) -> list[Record]:
    return [record for record in campaign.records if record.is_proposal]


def test_every_candidate_has_both_components(campaign: Reader) -> None:
    valid = [record for record in proposals(campaign) if record.graphs]

    assert len(valid) > 30
    for record in valid:
        assert record.candidate.kind == PAIR
        assert record.candidate.source.count("def activation(") == 1
        assert record.candidate.source.count("def regularize(") == 1
        assert isinstance(component_of(record.graphs), Graphs)
        assert len(record.graphs) == 2


def test_an_offspring_changes_one_component_and_exchange_brings_one_of_another(
    campaign: Reader,
) -> None:
    kind = kinds.get(PAIR)()
    known = {record.id: record.candidate.source for record in campaign.records}
    exchanged = [r for r in proposals(campaign) if r.candidate.operator == "exchange"]
    assert exchanged
    changed: list[set[str]] = []
    for record in proposals(campaign):
        own = kind.split(record.candidate.source)
        parents = [kind.split(known[id_]) for id_ in record.candidate.parents]
        changed.append({name for name in own if own[name] != parents[0][name]})
        if record in exchanged:
            assert all(own[name] == parents[1][name] for name in changed[-1])
    assert max(map(len, changed)) == 1
    assert {"activation"} in changed
    assert {"regularizer"} in changed


def test_each_member_of_the_front_has_the_credit_of_each_component(campaign: Reader) -> None:
    baselines = [record for record in campaign.records if record.is_baseline]
    standards = standard_graphs(PAIR, baselines)
    members = pareto_front(campaign.records).members

    found = credits_of(campaign, members)

    assert len(members) > 1
    for record in members:
        assert set(found[record.id]) == set(ablated_graphs(record.graphs, standards))
    assert any(len(each) == 2 for each in found.values())
    ablations = [record for record in campaign.records if record.is_ablation]
    assert ablations
    assert {len(record.score.trials) for record in ablations if record.score} == {4 + 4 * 10}
    assert len({record.graphs for record in ablations}) == len(ablations)


@pytest.mark.heavy(quick="test_each_member_of_the_front_has_the_credit_of_each_component")
def test_whatever_trained_can_be_asked_for_its_credits(campaign: Reader) -> None:
    trained = [record for record in campaign.records if record.score is not None]
    full = {len(record.score.trials) for record in trained if record.score}
    assert len(full) == 4, "cut at the first rung, by a race at the last, whole, measured again"

    found = [credits_of(campaign, [record]) for record in trained]

    assert any(found)
    for record, own in zip(trained, found, strict=True):
        assert record.score is not None
        assert list(own) == ([record.id] if record.score.rung == 1 else [])


def test_an_ablation_has_the_graph_that_its_source_has(campaign: Reader) -> None:
    ablations = [record for record in campaign.records if record.is_ablation]

    verdicts = Validator(kinds.get(PAIR)(), no_training.InProcess()).validate(
        [record.candidate for record in ablations]
    )

    told = [verdict.texts for verdict in verdicts if not isinstance(verdict, Refused)]
    assert told == [record.graphs for record in ablations]


def test_ablations_are_measurements_and_count_as_nothing_else(campaign: Reader) -> None:
    records = campaign.records

    facts = status_facts(campaign)

    assert facts["proposed"] == 4 * 16
    evaluated = [r for r in records if r.is_proposal and r.status is Status.EVALUATED]
    assert facts["evaluated"] == len(evaluated)
    assert all(record.novelty is None for record in records if record.is_ablation)
    ablated = {record.id for record in records if record.is_ablation}
    assert ablated - {record.id for record in evaluated}
    assert all(not record.text_vector.size for record in records if record.is_ablation)


def test_credits_are_shown_with_the_front(campaign: Reader) -> None:
    facts = pareto_facts(overview_of(campaign))

    told = [member["credits"] for member in facts["front"]]
    assert any("regularizer" in credits_ and "activation" in credits_ for credits_ in told)
    ratio = next(c["activation"] for c in told if c.get("activation"))
    assert ratio["log_loss_ratio_ci"][0] < ratio["log_loss_ratio"]


def test_the_same_source_is_the_same_candidate_however_it_is_laid_out(campaign: Reader) -> None:
    record = proposals(campaign)[0].candidate

    again = Candidate.of(PAIR, f"# twice\n{record.source}\n\n", operator="file")

    assert again.id == record.id


# Language models write one component at a time.


def reply(body: dict[str, Any]) -> str:
    seed, asked = body["seed"], body["messages"][1]["content"]
    if "defines `def regularize(w)`" in asked and seed % 5 == 0 and "Mend" not in asked:
        return "```python\ndef regularize(w):\n    return -w.square().sum()\n```"
    if "defines `def regularize(w)`" in asked:
        return f"```python\ndef regularize(w):\n    return 1e-{seed % 4} * w.abs().sum()\n```"
    return f"```python\ndef activation(x):\n    return torch.tanh({seed % 97 / 50:.2f} * x)\n```"


@pytest.mark.enable_socket
def test_models_are_asked_for_one_component_and_mend_the_one_that_was_refused(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("EVO_TEST_KEY", KEY)
    values = no_training.configure(SETTINGS).model_dump(
        mode="json", exclude={"operators", "portfolio", "llm"}
    )
    with FaultServer().running() as server:
        server.text_of = reply
        model = {"model": "m", "base_url": server.url, "key_env": "EVO_TEST_KEY"}
        config = Config.model_validate({**values, "llm": {"models": [model]}})
        campaign = run(tmp_path / "run", config)

    written = [record for record in proposals(campaign) if record.candidate.model]
    good = [record for record in written if record.graphs]
    assert all("def activation" in r.candidate.source for r in good)
    assert all("def regularize" in r.candidate.source for r in good)
    prompts = [body["messages"][1]["content"] for body in server.bodies]
    activations, regularizers = (
        [prompt for prompt in prompts if f"It defines `def {name}(" in prompt]
        for name in ("activation", "regularize")
    )
    assert min(len(activations), len(regularizers)) > 5
    assert len(activations) + len(regularizers) == len(prompts)
    assert all(prompt.count("def activation(") == 1 for prompt in regularizers)
    assert all("A component of kind regularizer:" in prompt for prompt in activations)
    refused = [
        r
        for r in written
        if r.member == "regularizer" and r.reason.startswith("expected a penalty of")
    ]
    mended = [r for r in written if r.candidate.operator == "repair-llm"]
    assert refused
    assert {r.candidate.parents[0] for r in mended} >= {r.id for r in refused}
    sources = {record.id: record.candidate.source for record in written}
    kind = kinds.get(PAIR)()
    for record in mended:
        before, after = (
            kind.split(source)["activation"]
            for source in (sources[record.candidate.parents[0]], record.candidate.source)
        )
        assert before == after


ACTIVATION = "def activation(x):\n    return x.tanh()\n\n"
REGULARIZER = "def regularize(w):\n    return w.abs().sum()\n"
HOSTILE: Mapping[str, tuple[str, str, str]] = {
    "a call that is not allowed": (
        f"import os\n\n{ACTIVATION}def regularize(w):\n    os.unlink('x')\n    return w.sum()\n",
        *("policy", "regularizer: line 1: "),
    ),
    "a component that is missing": (ACTIVATION, "policy", "regularizer: expected one `def reg"),
    "a look at neighbours": (
        f"def activation(x):\n    return x - x.mean()\n\n{REGULARIZER}",
        *("contract", "activation: expected every output"),
    ),
    "a reward for large weights": (
        f"{ACTIVATION}def regularize(w):\n    return -w.abs().sum()\n",
        *("contract", "regularizer: expected a penalty"),
    ),
    "more memory than there is": (
        f"{ACTIVATION}def regularize(w):\n    return w.unsqueeze(0).repeat(10**9, 1, 1).sum()\n",
        *("trace", "regularizer: "),
    ),
    "a fault while it is imported": (
        f"import torch\n\nC = torch.ones(2)[5]\n\n{ACTIVATION}"
        "def regularize(w):\n    return C * w.abs().sum()\n",
        *("trace", "regularizer: "),
    ),
    "a sum of thousands": (
        f"def activation(x):\n    return {' + '.join(['x'] * 1500)}\n\n{REGULARIZER}",
        *("policy", "activation: "),
    ),
    "what belongs to neither": (
        f"{ACTIVATION}{REGULARIZER}\ndef idle(x):\n    return __import__('os')\n",
        *("policy", "line 8: "),
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_both_components_pass_the_walls_or_none_does(sandbox, name: str) -> None:
    source, stage, reason = HOSTILE[name]
    candidates = [
        Candidate.of(PAIR, text, operator="test")
        for text in (source, kinds.get(PAIR)().baselines()["gelu + none"].source)
    ]

    refused, passed = Validator(kinds.get(PAIR)(), sandbox).validate(candidates)

    assert isinstance(refused, Refused)
    assert refused.stage == stage
    assert str(refused).startswith(f"{stage}: {reason}")
    assert refused.member == reason.partition(": ")[0] * (not reason.startswith("line"))
    assert isinstance(passed, Graphs)


def test_a_component_cannot_touch_what_the_other_one_calls(sandbox) -> None:
    source = (
        "def abs(t):\n    return 0.0 * t\n\n"
        "def activation(x):\n    return x * abs(x) + x\n\n"
        "def regularize(w):\n    return w.square().sum()\n"
    )
    other = "def regularize(w):\n    return abs(w).sum()\n"
    kind = kinds.get(PAIR)()
    whole = kind.join({**kind.split(source), "regularizer": other})

    (verdict,) = Validator(kind, sandbox).validate([Candidate.of(PAIR, whole, operator="test")])

    assert isinstance(verdict, Graphs)
    assert verdict(1, torch.full((2, 2), -1.5)) == 6.0
