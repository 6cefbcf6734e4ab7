"""Components that a person gives to a campaign: as files, or as a name and a source."""

from typing import Annotated

from pydantic import Field

from evo.core.frozen import Frozen


class GivenSource(Frozen):
    """A component given with its source, as a campaign's configuration keeps it."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """Name in tables; that of the file without `.py` where it came from one."""
    source: Annotated[str, Field(min_length=1)]
    """Python source of the component."""
