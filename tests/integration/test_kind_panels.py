"""The panels that come with evo hold components such as a campaign proposes."""

from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from support.profiles import mostly_heavy
from support.records import written

import evo.data.panels
from archive.novelty.novelty_archive import rms_distance
from archive.novelty.settings import DUPLICATE_WITHIN
from evo.campaign.baselines import behaviour_scale, raw_behaviour
from evo.campaign.steps import Validate
from evo.components.kinds import kinds
from evo.core.records import Status
from evo.studies import panel as panels
from evo.validation.baselines import own_baselines
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator

PANELS = sorted(
    Path(file.name).stem
    for file in resources.files(evo.data.panels).iterdir()
    if ".json" in file.name
)


FEW = ("loss", "schedule")


@pytest.mark.parametrize("name", mostly_heavy(FEW, PANELS))
def test_a_panel_has_20_components_or_more_that_pass_the_walls_and_compute_apart(
    name: str, sandbox: Sandbox
) -> None:
    kind, panel = kinds.get(name)(), panels.read_panel(None, name)
    proposed = [written(known.source, kind=name) for known in panel.functions.values()]

    records = Validate(Validator(kind, sandbox))(proposed)

    assert (panel.kind, panel.about != "") == (name, True)
    assert len(records) >= 20
    assert {r.candidate.source: r.reason for r in records if r.status is Status.INVALID} == {}
    scale = behaviour_scale(kind, own_baselines(kind))
    behaviours = np.stack([scale(raw_behaviour(kind, record)) for record in records])
    apart = [rms_distance(one, np.delete(behaviours, n, 0)) for n, one in enumerate(behaviours)]
    assert np.min(apart) > DUPLICATE_WITHIN
