"""Components that a person gives to a campaign: seeds of generation 1, and further baselines.

Files are read once, when the campaign is created; their sources are part of its configuration from
then on, so that a resume does not depend on files that may have changed.
"""

import tokenize
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evo.campaign.config import Config
from evo.campaign.config.given import GivenSource
from evo.components.base import Kind
from evo.components.kinds import baseline_names, kinds
from evo.core.errors import UsageError
from evo.core.records import BASELINE_OPERATOR, GIVEN_OPERATOR, Candidate, Record


def with_sources(config: Config) -> Config:
    """The configuration with the sources of its seeds and further baselines in place of files.

    Raises:
        UsageError: a file cannot be read, a pattern matches none, a name is taken twice, or more
            seeds are given than generation 1 may train.
    """
    seeds = _read_all("seeds", config.seeds)
    baselines = _read_all("baselines", _with_names(config))
    if len(seeds) > config.trainings:
        raise UsageError(
            f"seeds names {len(seeds)} components, and a generation trains {config.trainings} at "
            "most. Raise trainings, or give fewer."
        )
    names = [given.name for given in baselines]
    if taken := sorted({name for name in names if names.count(name) > 1} | _known(config, names)):
        raise UsageError(f"baselines: expected names that are not taken, got {', '.join(taken)}.")
    return config.model_copy(update={"seeds": seeds, "baselines": baselines})


def seed_records(config: Config, kind: Kind) -> list[Record]:
    """The seeds as proposals of generation 1, marked as given."""
    return [
        Record(Candidate.of(kind.name, given.source, operator=GIVEN_OPERATOR), generation=1)
        for given in _resolved(config.seeds)
    ]


def further_baselines(config: Config, kind: Kind) -> dict[str, Candidate]:
    """The further baselines by name; one that the kind has already is left out."""
    known = {candidate.id for candidate in kind.baselines().values()}
    candidates = {
        given.name: Candidate.of(kind.name, given.source, operator=BASELINE_OPERATOR)
        for given in _resolved(config.baselines)
    }
    return {name: one for name, one in candidates.items() if one.id not in known}


def names_of_baselines(config: Mapping[str, Any]) -> dict[str, str]:
    """Names of a campaign's baselines by id, from its configuration as history has it."""
    kind: str = config["kind"]
    given: Iterable[Mapping[str, str]] = config.get("baselines", ())
    further = {Candidate.of(kind, one["source"], operator="").id: one["name"] for one in given}
    return further | baseline_names(kind)


def _with_names(config: Config) -> list[str | GivenSource]:
    """The further baselines, with sources for those that are named as the kind has them."""
    shipped = kinds.get(config.kind)().further_baselines()
    return [
        GivenSource(name=one, source=shipped[one].source)
        if isinstance(one, str) and one in shipped
        else one
        for one in config.baselines
    ]


def _known(config: Config, names: Sequence[str]) -> set[str]:
    return set(names) & set(baseline_names(config.kind).values())


def _resolved(given: Iterable[str | GivenSource]) -> list[GivenSource]:
    """The sources of a campaign that was created, when files were read."""
    return [one for one in given if isinstance(one, GivenSource)]


def _read_all(key: str, given: Iterable[str | GivenSource]) -> tuple[GivenSource, ...]:
    read: list[GivenSource] = []
    for one in given:
        if isinstance(one, GivenSource):
            read.append(one)
            continue
        paths = sorted(Path().glob(one)) if not Path(one).is_absolute() else _at_root(one)
        if not paths:
            raise UsageError(
                f"{key}: expected Python files, one component each, and {one} matches none in "
                f"{Path.cwd()}."
            )
        read += [_read(key, path) for path in paths]
    return tuple(read)


def _at_root(pattern: str) -> list[Path]:
    path = Path(pattern)
    return sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))


def _read(key: str, path: Path) -> GivenSource:
    try:
        with tokenize.open(path) as file:
            source = file.read()
    except OSError as error:
        raise UsageError(f"{key}: {path} cannot be read ({error.strerror}).") from None
    except (SyntaxError, ValueError, LookupError) as error:
        raise UsageError(f"{key}: {path} is no Python source that can be read ({error}).") from None
    if not source.strip():
        raise UsageError(f"{key}: {path} is empty.")
    return GivenSource(name=path.stem[:80], source=source)
