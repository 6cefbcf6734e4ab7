"""Shared by all tests: no clock in properties, torch on one thread, and small image sets."""

import gc
import gzip
import hashlib
import os
import pickle
import re
import resource
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray
from support.made_once import made_once
from support.processes import descendants
from support.profiles import PROFILE
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# No test is timed: a busy machine must not fail one. Until the night a test tries the same examples
# each time, so that a change is judged by what it changed; new ones are what `nightly` is for.
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=20)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("nightly", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile(PROFILE)

# Nothing here has to survive a power cut; a process that is killed loses nothing that it has
# written. The disk takes milliseconds each time, and a campaign asks for hundreds.
os.fsync = os.fdatasync = lambda _: None

# What collection makes stays to the end: to look for garbage in it takes a third of its time.
gc.disable()


class WrittenDoctests:
    """Looks for doctests only in files that have some: to import the others takes seconds."""

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        collectors = yield
        has_some = bool(collectors) and ">>> " in file_path.read_text()
        return [one for one in collectors if has_some or type(one) is pytest.Module]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(WrittenDoctests())
    if hasattr(config, "workerinput") or not config.getvalue("numprocesses"):
        limit_threads()


def limit_threads() -> None:
    """As in a campaign. Several threads, for small tensors and matrices, wait for each other."""
    # Imported here, since the process that only deals tests to pytest's workers needs none of it.
    import scipy.linalg  # noqa: F401 - its BLAS is one of those that are limited
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Collect garbage from here on, though rarely, and not in what collection has made."""
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


SLOW = ("e2e", "integration", "docs", "benchmarks", "browser")
"""Folders of tests that take seconds each; the others take milliseconds."""

TOGETHER = {
    "landscape": r"/tabular/|test_bench_command|on_the_landscape|bench_(operators|surrogate)\.py\]",
    "text model": r"test_descriptors|bench_novelty|none-such\]",
    "web": r"unit/web/",
    "component files": r"unit/codegen/",
    "commands": r"/e2e/|test_code_blocks|test_places",
}
"""Tests, by a pattern of their ids, that share what takes seconds to make once in a process."""


class Scheduling(LoadFileScheduling):
    """Gives the tests of a file to one worker, and those of several files that share a lot."""

    def _split_scope(self, nodeid: str) -> str:
        groups = (name for name, pattern in TOGETHER.items() if re.search(pattern, nodeid))
        return next(groups, super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Replace `--dist loadfile`."""
    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave heavy tests to CI, and begin with the files of slow ones.

    pytest's workers take the files in this order, each the next one when it has done its own. A
    slow one at the end would leave the others without work.
    """
    heavy = [one for one in items if PROFILE == "quick" and one.get_closest_marker("heavy")]
    if heavy:
        config.hook.pytest_deselected(items=heavy)
        left_out = {*heavy}
        items[:] = [one for one in items if one not in left_out]
    items.sort(key=lambda item: not any(folder in item.path.parts for folder in SLOW))


TRAIN, TEST = 600, 100


def images(samples: int, shape: tuple[int, ...], seed: int) -> tuple[NDArray, NDArray]:
    """Noisy images of ten classes that can be learnt, (n, …) uint8, and their classes."""
    generator = np.random.default_rng(seed)
    classes = np.arange(samples) % 10
    patterns = np.random.default_rng(0).integers(0, 160, (10, *shape))
    noise = generator.integers(0, 96, (samples, *shape))
    return (patterns[classes] + noise).astype(np.uint8), classes.astype(np.uint8)


def idx(values: NDArray) -> bytes:
    """An array of bytes as an IDX file: 0, 0, type 8, dimensions, sizes, data."""
    sizes = np.asarray(values.shape, dtype=">u4").tobytes()
    return bytes([0, 0, 8, values.ndim]) + sizes + values.tobytes()


def idx_files(seed: int) -> dict[str, bytes]:
    """The four files of MNIST and Fashion-MNIST by name."""
    found = {}
    for part, samples in (("train", TRAIN), ("t10k", TEST)):
        pixels, classes = images(samples, (28, 28), seed + len(part))
        found |= {f"{part}-images-idx3-ubyte": idx(pixels)}
        found |= {f"{part}-labels-idx1-ubyte": idx(classes)}
    return found


def cifar_files() -> dict[str, bytes]:
    """The batches of CIFAR-10 and their table of names."""
    found = {"batches.meta": pickle.dumps({"label_names": [str(n) for n in range(10)]})}
    counts = {f"data_batch_{n}": TRAIN // 5 for n in range(1, 6)} | {"test_batch": TEST}
    for seed, (name, samples) in enumerate(counts.items()):
        pixels, classes = images(samples, (3, 32, 32), 40 + seed)
        batch = {"data": pixels.reshape(samples, -1), "labels": classes.tolist()}
        found[name] = pickle.dumps(batch)
    return found


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.fixture(scope="session")
def image_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with all three sets: MNIST unpacked, Fashion-MNIST as downloaded (gz)."""
    from torchvision.datasets import CIFAR10, FashionMNIST

    folder = tmp_path_factory.mktemp("data")
    packed = {f"{n}.gz": gzip.compress(data) for n, data in idx_files(20).items()}
    batches = cifar_files()
    contents = {"MNIST/raw": idx_files(0), "FashionMNIST/raw": packed}
    for place, files in (contents | {"cifar-10-batches-py": batches}).items():
        (folder / place).mkdir(parents=True)
        for name, content in files.items():
            (folder / place / name).write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVO_DATA", str(folder))
        # The official checksums are those of the whole sets.
        patch.setattr(FashionMNIST, "resources", [(n, md5(c)) for n, c in packed.items()])
        for train in ("train_list", "test_list"):
            names = [name for name, _ in getattr(CIFAR10, train)]
            patch.setattr(CIFAR10, train, [[name, md5(batches[name])] for name in names])
        patch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": md5(batches["batches.meta"])})
        yield folder


@pytest.fixture(scope="session")
def small_campaign(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A finished campaign that trained nothing, of some two hundred candidates; to be copied."""
    from large_campaign import write_small_campaign

    return made_once(tmp_path_factory, worker_id, "small-campaign", write_small_campaign)


@pytest.fixture
def full_disk() -> Iterator[Callable[[int], None]]:
    """Make the kernel refuse bytes of a file past a size, as a full disk would; 0 ends that."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size or hard, hard))

    yield limit
    limit(0)
    for process in descendants(os.getpid()):  # servers that were started meanwhile, and stay
        with suppress(OSError):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (hard, hard))
