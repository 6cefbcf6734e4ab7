import resource
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture
def full_disk() -> Iterator[Callable[[int], None]]:
    """Make the kernel refuse bytes of a file past a size, as a full disk would; 0 ends that."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size or hard, hard))

    yield limit
    limit(0)
