"""What the end-to-end tests call and get back; under a name that no other folder has."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

EVO = Path(sys.executable).parent / "evo"


class Finished(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Evo = Callable[..., Finished]

SECRET = "sk-do-not-write-me"

SMALL = (
    *("run", "smoke", "--seed", "4"),
    # Long enough to be interrupted, short enough to wait for.
    *("--set", "protocol.rungs=[{epochs = 2, seeds = 4}, {epochs = 6, seeds = 4}]"),
)
