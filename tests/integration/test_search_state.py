"""The state after the last seal is the state that a resumed search reads off history."""

from dataclasses import replace

import no_training
import pytest
from support.profiles import mostly_heavy

from archive.history.reader import Reader
from evo.campaign import build
from evo.campaign.resume import replay
from evo.campaign.state import SearchState
from evo.core.records import Record
from operators.past import NO_PAST
from operators.tree.form import form_key

SETTINGS = (
    *("population=6", "offspring=6", "trainings=4", "generations=4", "seed=3"),
    "protocol.rungs=[{epochs = 1, seeds = 5}, {epochs = 2, seeds = 5}]",
    *("protocol.rate_seeds=2", "protocol.heat_seeds=2"),
)
PARTS = ("reward.screening=true", "llm.wordings.compete=true")
MODEL = 'llm.models=[{model="m", base_url="http://127.0.0.1:9/v1"}]'
SEARCHES = {
    "default": (),
    "islands of niches": (
        *("population=8", "selection.islands=2", "selection.migrate_every=2"),
        *("selection.survival=niches", "selection.parents=rank"),
    ),
    "operators that learn": ("operators={mutate-tree=1,tune-tree=2}",),
    "two kinds": ("kind=regularizer+activation", "protocol.strengths=[1.0]"),
    "history": ("selection.survival=elite", "selection.parents=few-children"),
    "screened": (*("reward.screening=true", "population=12", "offspring=12", "trainings=8"),),
}


def known(state: SearchState, records: list[Record]) -> dict[str, object]:
    """All that a state answers to whoever asks it, for the records of a history."""
    archived = [record for record in records if record.novelty is not None]
    last = records[-1].generation
    ablations, learner = state.ablations, state.learner
    return {
        "baselines": [record.id for record in state.baselines.records],
        "population": [(i.record.id, i.island) for i in state.population.individuals],
        "parents": [(i.record.id, i.island, i.children) for i in state.population.parents],
        "earlier": [(i.record.id, i.island, i.children) for i in state.population.earlier],
        "n_scores": state.archive.n_scores(archived),
        "archived": len(state.archive),
        "seen": (len(state.seen), [record.id in state.seen for record in records]),
        "lessons": [lessons(state, records, generation) for generation in range(last + 1)],
        "request": state.last_request.key,
        "trust": learner and str(learner.trust(last + 1)),
        "measured": ablations and [record.graphs in ablations.measured for record in records],
        "risen": ablations and [record.id for record in ablations.peaks.risen(records)],
    }


def lessons(state: SearchState, records: list[Record], generation: int) -> tuple[object, ...]:
    """What operators may learn after a generation, with the variants of every form of a history."""
    learnt = state.memory.after(generation)
    forms = {form_key(record.candidate.source)[0] for record in records}
    variants = {form: learnt.past.variants(form) for form in forms}
    return replace(learnt, past=NO_PAST), learnt.past.steps, variants


@pytest.mark.parametrize(
    "name", mostly_heavy([name for name in SEARCHES if name != "screened"], SEARCHES)
)
def test_the_state_after_a_campaign_is_the_state_that_its_history_gives(
    name, tmp_path, monkeypatch
) -> None:
    live: list[SearchState] = []
    run_generations = build.run_generations

    def watched(toolbox, state, history, *, generations, begin):
        live.append(state)
        run_generations(toolbox, state, history, generations=generations, begin=begin)

    monkeypatch.setattr(build, "run_generations", watched)
    config = no_training.configure((*SETTINGS, *SEARCHES[name]))
    with no_training.create(tmp_path / "run", config) as history:
        no_training.run(history, lambda _: None)
        rebuilt = no_training.fresh_state(history)
        replay(history, rebuilt)
    records = list(Reader.read(tmp_path / "run").records)

    assert known(rebuilt, records) == known(live[0], records)
    assert len(rebuilt.seen) > len(rebuilt.baselines.records)


def test_every_part_of_the_state_is_in_its_list(tmp_path) -> None:
    config = no_training.configure((*SETTINGS, *SEARCHES["two kinds"], *PARTS, MODEL))
    with no_training.create(tmp_path / "run", config) as history:
        state = no_training.fresh_state(history)

    assert {id(part) for part in state.parts} == {id(part) for part in vars(state).values()}
