"""The file name of a segment says which generations it holds."""

import re

_NAME = re.compile(r"generations?-(\d{6,})(?:-(\d{6,}))?\.h5")


def file_name(generations: range) -> str:
    """File name of a segment.

    >>> file_name(range(3, 4)), file_name(range(16, 32))
    ('generation-000003.h5', 'generations-000016-000031.h5')
    """
    if len(generations) == 1:
        return f"generation-{generations[0]:06d}.h5"
    return f"generations-{generations[0]:06d}-{generations[-1]:06d}.h5"


def generations_of(name: str) -> range | None:
    """Generations in a segment of that file name; None where it is no segment's name."""
    if (match := _NAME.fullmatch(name)) is None:
        return None
    numbers = range(int(match[1]), int(match[2] or match[1]) + 1)
    return numbers if numbers and file_name(numbers) == name else None
