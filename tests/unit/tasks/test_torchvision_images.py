import shutil
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from evo.core.errors import UsageError
from evo.tasks.cifar_10 import Cifar10
from evo.tasks.fashion_mnist import FashionMnist
from evo.tasks.mnist import Mnist
from evo.tasks.torchvision_images import TorchvisionImages, data_folder

# A blocked download is what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:A test tried to use socket")

TASKS = [Mnist, FashionMnist, Cifar10]


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty data folder."""
    monkeypatch.setenv("EVO_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def own_files(image_files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the small files that a test may damage."""
    monkeypatch.setenv("EVO_DATA", str(tmp_path / "data"))
    return shutil.copytree(image_files, tmp_path / "data")


def sizes(task: TorchvisionImages) -> list[tuple[int, ...]]:
    data = task.load()
    return [tuple(split.inputs.shape) for split in (data.train, data.validation, data.test)]


@pytest.mark.parametrize(
    ("task", "shape"),
    [(Mnist, (1, 14, 14)), (FashionMnist, (1, 14, 14)), (Cifar10, (3, 16, 16))],
)
def test_small_files_are_split_in_the_same_shares(
    task: type[TorchvisionImages], shape: tuple[int, ...], own_files: Path
) -> None:
    task().prepare()

    assert sizes(task()) == [(500, *shape), (100, *shape), (100, *shape)]


class SmallMnist(Mnist):
    """MNIST with a subset that is smaller than the files here."""

    train_images, validation_images, test_images = 300, 50, 70


def test_files_with_more_images_give_the_stated_subset(own_files: Path) -> None:
    assert [size[0] for size in sizes(SmallMnist())] == [300, 50, 70]
    assert (Mnist.train_images, Mnist.validation_images, Mnist.test_images) == (10000, 2000, 5000)


def unit(images: torch.Tensor) -> torch.Tensor:
    """Images as rows of mean 0 and length 1, so that products are correlations."""
    rows = images.flatten(1)
    return F.normalize(rows - rows.mean(1, keepdim=True))


def test_channels_are_standardised_by_the_training_images(image_files: Path) -> None:
    data = Cifar10().load()

    assert torch.allclose(data.train.inputs.mean((0, 2, 3)), torch.zeros(3), atol=1e-4)
    assert torch.allclose(data.train.inputs.std((0, 2, 3)), torch.ones(3), atol=1e-4)
    assert not torch.allclose(data.test.inputs.mean((0, 2, 3)), torch.zeros(3), atol=1e-4)


def test_pixels_are_means_of_four_and_every_image_keeps_its_class(image_files: Path) -> None:
    official = Mnist().read(image_files, train=True, download=False)
    data = Mnist().load()
    halved = F.avg_pool2d(torch.from_numpy(official.pixels).float(), 2)

    alike, original = (unit(data.train.inputs) @ unit(halved).T).max(1)

    assert torch.allclose(alike, torch.ones(500), atol=1e-4)
    assert len(set(original.tolist())) == 500
    assert torch.equal(torch.from_numpy(official.classes)[original], data.train.targets)


@pytest.mark.parametrize("task", TASKS)
def test_load_names_the_missing_files_and_the_remedy(
    task: type[TorchvisionImages], nowhere: Path
) -> None:
    with pytest.raises(UsageError) as refusal:
        task().load()

    assert str(nowhere / task.sub_folder) in str(refusal.value)
    assert "Set EVO_DATA to a folder" in str(refusal.value)
    assert list(nowhere.iterdir()) == []


@pytest.mark.parametrize("task", TASKS)
def test_prepare_without_a_network_says_that_the_download_failed_and_the_remedy(
    task: type[TorchvisionImages], nowhere: Path
) -> None:
    with pytest.raises(UsageError) as refusal:
        task().prepare()

    message = str(refusal.value)
    assert "The download failed: " in message
    assert str(nowhere / task.sub_folder) in message
    assert "on a machine with a network" in message
    assert "\n" not in message


@pytest.mark.parametrize("task", TASKS)
def test_prepare_writes_nothing_to_standard_output(
    task: type[TorchvisionImages], own_files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task().prepare()

    assert capsys.readouterr().out == ""


def test_prepare_unpacks_what_was_downloaded_and_load_alone_does_not(own_files: Path) -> None:
    unpacked = own_files / "FashionMNIST" / "raw" / "train-images-idx3-ubyte"
    for path in unpacked.parent.glob("*-ubyte"):
        path.unlink()

    with pytest.raises(UsageError):
        FashionMnist().load()
    assert not unpacked.exists()
    FashionMnist().prepare()
    assert unpacked.exists()
    assert sizes(FashionMnist())[0][0] == 500


@pytest.mark.parametrize(
    ("task", "name"), [(Mnist, "train-images-idx3-ubyte"), (Cifar10, "data_batch_3")]
)
@pytest.mark.parametrize("left", [0, 3, 1000])
def test_a_file_that_was_cut_off_is_named_as_damaged(
    task: type[TorchvisionImages], name: str, left: int, own_files: Path
) -> None:
    path = own_files / task.sub_folder / name
    path.write_bytes(path.read_bytes()[:left])

    for call in (task().load, task().prepare):
        with pytest.raises(UsageError, match="missing or damaged"):
            call()


def test_a_pickle_that_is_not_the_official_one_is_never_opened(own_files: Path) -> None:
    trap = own_files / "sprung"
    batch = own_files / "cifar-10-batches-py" / "test_batch"
    batch.write_bytes(b"cposix\nsystem\n(S'touch " + str(trap).encode() + b"'\ntR.")

    with pytest.raises(UsageError):
        Cifar10().load()

    assert not trap.exists()


def test_the_data_folder_is_the_users_cache_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVO_DATA", raising=False)
    assert data_folder() == Path.home() / ".cache" / "evo" / "data"

    monkeypatch.setenv("EVO_DATA", "~/elsewhere")
    assert data_folder() == Path.home() / "elsewhere"
