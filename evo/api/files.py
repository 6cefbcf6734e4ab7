"""Judge single sources outside of any campaign: `evo validate` and `evo evaluate` in Python."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, overload

from evo.api.judging import (
    EvaluationResult,
    ValidationResult,
    evaluate_sources,
    validate_sources,
)
from evo.api.sources import SourceOrPath, sources_of
from evo.api.walls import expect_walls
from evo.campaign import create
from evo.campaign.config import Config, load


@overload
def validate(
    source: SourceOrPath, *, kind: str, unsafe_sandbox: bool = False
) -> ValidationResult: ...
@overload
def validate(
    source: Sequence[SourceOrPath], *, kind: str, unsafe_sandbox: bool = False
) -> list[ValidationResult]: ...
def validate(
    source: SourceOrPath | Sequence[SourceOrPath], *, kind: str, unsafe_sandbox: bool = False
) -> ValidationResult | list[ValidationResult]:
    """Check whether sources pass the policy, the tracer and the contract of a kind.

    Args:
        source: source code, the path of a file (ending in `.py`), or several of them.
        kind: what the source defines; `evo list` has all kinds.
        unsafe_sandbox: run generated code even where the kernel lacks a wall around it.

    Returns:
        A result for one source; a list of results, in order, for several.

    Raises:
        UsageError: the kind is unknown, a file cannot be read, or a wall is absent.
    """
    sources = sources_of(source)
    expect_walls(unsafe=unsafe_sandbox, warn=_warn)
    results = validate_sources(sources, kind, unsafe_sandbox=unsafe_sandbox)
    return results[0] if isinstance(source, str | Path) else results


@overload
def evaluate(
    source: SourceOrPath,
    *,
    kind: str,
    config: str | Path | Mapping[str, Any] | Config | None = None,
    overrides: Mapping[str, Any] | None = None,
    unsafe_sandbox: bool = False,
) -> EvaluationResult: ...
@overload
def evaluate(
    source: Sequence[SourceOrPath],
    *,
    kind: str,
    config: str | Path | Mapping[str, Any] | Config | None = None,
    overrides: Mapping[str, Any] | None = None,
    unsafe_sandbox: bool = False,
) -> list[EvaluationResult]: ...
def evaluate(
    source: SourceOrPath | Sequence[SourceOrPath],
    *,
    kind: str,
    config: str | Path | Mapping[str, Any] | Config | None = None,
    overrides: Mapping[str, Any] | None = None,
    unsafe_sandbox: bool = False,
) -> EvaluationResult | list[EvaluationResult]:
    """Train sources at every rung and compare them with the kind's baselines.

    Several sources at once share the training of the baselines.

    Args:
        source: source code, the path of a file (ending in `.py`), or several of them.
        kind: what the source defines; `evo list` has all kinds.
        config: whose tasks and protocol count, as in `evo.run`; by default the preset `default`.
        overrides: settings that win over the configuration, by dotted key.
        unsafe_sandbox: run generated code even where the kernel lacks a wall around it.

    Returns:
        A result for one source; a list of results, in order, for several.

    Raises:
        UsageError: the configuration is wrong, a file cannot be read, or a wall is absent.
        EvoError: the baselines cannot be trained.
    """
    sources = sources_of(source)
    loaded = load(config or "default", overrides={**(overrides or {}), "kind": kind})
    create.check_config(loaded)
    loaded = create.with_grids(loaded)
    expect_walls(unsafe=unsafe_sandbox, warn=_warn)
    results = evaluate_sources(sources, loaded, unsafe_sandbox=unsafe_sandbox)
    return results[0] if isinstance(source, str | Path) else results


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=3)
