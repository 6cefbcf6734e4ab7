"""Components and other campaigns that a person gives to a campaign to begin with."""

from typing import Annotated

from pydantic import Field, NonNegativeInt

from evo.core.frozen import Frozen


class GivenSource(Frozen):
    """A component given with its source, as a campaign's configuration keeps it."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """Name in tables; that of the file without `.py` where it came from one."""
    source: Annotated[str, Field(min_length=1)]
    """Python source of the component."""


class Origin(Frozen):
    """Another campaign that a campaign began with, as its configuration keeps it."""

    run: Annotated[str, Field(min_length=1)]
    """Name of the campaign's folder."""
    generation: NonNegativeInt
    """Generation whose survivors were taken."""
    id: str
    """Id of the campaign."""
    sha256: str
    """Checksum of what was taken; the folder `origins/` has it."""
    same_versions: bool = True
    """Whether it ran under the same versions of evo and plug-ins; else its components are checked
    again."""
    same_text_model: bool = True
    """Whether it embedded sources by the same model; else they are embedded again."""
    trains_again: str = ""
    """Why its trainings do not count here, so that its survivors train again; empty where they
    count."""
