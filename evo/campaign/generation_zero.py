"""Generation 0 of a campaign: the baselines, and what it takes over from others."""

from functools import partial

from archive.novelty.novelty_archive import NoveltyArchive
from evo.campaign import given
from evo.campaign.baselines import measure_baselines
from evo.campaign.bequests import first_population
from evo.campaign.inherit import Inherit
from evo.campaign.learning import expect_learning
from evo.campaign.setup import Setup


def seal_generation_zero(setup: Setup) -> None:
    """Measure the baselines and what is taken over, and seal them as generation 0.

    Raises:
        EvoError: a baseline is refused or cannot be trained.
    """
    config, kind, islands = setup.config, setup.kind, setup.islands
    text, tracker = setup.resources.text, setup.state.tracker
    records = measure_baselines(
        kind,
        validator=setup.validator,
        text=text,
        train=setup.train,
        protocol=config.protocol,
        archive=partial(NoveltyArchive.of, config.novelty),
        tracker=tracker,
        further=given.further_baselines(config, kind),
    )
    expect_learning(records, config.tasks)
    if setup.known:
        inherit = Inherit(
            kind,
            config,
            islands,
            validator=setup.validator,
            text=text,
            train=setup.train,
            tracker=tracker,
        )
        records = [*records, *inherit(setup.known, records)]
    population = first_population(islands.born(records), setup.known)
    survivors = [individual.record.id for individual in islands.survive(population, 0)]
    setup.history.seal(0, records, survivors)
