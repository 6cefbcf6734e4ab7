import torch
from threadpoolctl import threadpool_info, threadpool_limits

from evo.compute.numerics import sound_numerics


def test_every_numerical_library_has_one_thread_within_and_as_many_as_before_afterwards() -> None:
    with threadpool_limits(limits=2):
        torch.set_num_threads(2)
        before = _threads()

        with sound_numerics():
            within = _threads()

        assert set(before.values()) == {2}
        assert set(within.values()) == {1}
        assert _threads() == before


def _threads() -> dict[str, int]:
    libraries = {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()}
    return libraries | {"torch": torch.get_num_threads()}
