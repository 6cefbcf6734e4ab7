"""First inputs of weights: the rows that a layer multiplies when a network first runs.

A mode of torch watches matrix products and convolutions, whatever module makes them, and shows the
rows before the product is taken. So one forward pass fills all weights in turn, each from what the
filled ones before it give. Exported files hold the code of `FirstInputs`: it needs torch alone.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class FirstInputs(TorchDispatchMode):
    """Show the rows that weights multiply while a model runs, once for each matrix in them.

    Rows that are all zero, as a recurrent layer's first ones, are passed over.

    Args:
        weights: to watch, (outputs, inputs, …), or (inputs, outputs, …).
        blocks: for each the number of matrices in it, one below the other.
        inputs_first: for each whether its inputs are the first dimension.
        show: called with the places of a weight and of a matrix in it, and its rows (n, inputs), of
            which the elements of a kernel are inputs; it may write into the weight.
        generator: draws the rows where there are more than `most`; by default torch's global one.
        most: rows that are shown.
    """

    def __init__(
        self,
        weights: Sequence[torch.Tensor],
        blocks: Sequence[int],
        inputs_first: Sequence[bool],
        show: Callable[[int, int, torch.Tensor], None],
        *,
        generator: torch.Generator | None = None,
        most: int = 256,
    ) -> None:
        super().__init__()
        self.weights = weights
        self.blocks = blocks
        self.inputs_first = inputs_first
        self.show = show
        self.generator = generator
        self.most = most
        self.pending = {(place, b) for place, count in enumerate(blocks) for b in range(count)}
        self.met_zeros: set[int] = set()

    def __enter__(self) -> Any:
        """Begin to watch; recurrent layers must not run as one operator."""
        self.kept = torch.backends.mkldnn.enabled, torch.backends.cudnn.enabled
        torch.backends.mkldnn.enabled = torch.backends.cudnn.enabled = False
        return super().__enter__()

    def __exit__(self, *raised: Any) -> None:
        """End it."""
        torch.backends.mkldnn.enabled, torch.backends.cudnn.enabled = self.kept
        super().__exit__(*raised)

    def unseen(self) -> list[int]:
        """Places of weights that no operator multiplied, not even zeros."""
        return sorted({place for place, _ in self.pending} - self.met_zeros)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Look at an operator's arguments, and run it."""
        name = func.overloadpacket.__name__
        if name in {"mm", "bmm", "addmm", "baddbmm"}:
            left, right = args[-2:]
            self._look(right, self._of_product(right), lambda: left.flatten(0, -2), 1)
            left, right = right.mT, left.mT
            self._look(right, self._of_product(right), lambda: left.flatten(0, -2), 1)
        elif name == "convolution":
            signal, kernel = args[:2]
            self._look(kernel, self._of_kernel(kernel), lambda: self._windows(*args), signal.dim())
        return func(*args, **(kwargs or {}))

    def _look(
        self,
        factor: torch.Tensor,
        fits: Callable[[int], bool],
        rows_of: Callable[[], torch.Tensor],
        dims: int,
    ) -> None:
        """Show rows where a factor is a weight.

        Args:
            factor: of a product.
            fits: whether it can be the weight at a place.
            rows_of: makes the rows.
            dims: number of their leading dimensions; the others are those of the inputs.
        """
        for place, weight in enumerate(self.weights):
            is_there = factor.untyped_storage().data_ptr() == weight.untyped_storage().data_ptr()
            blocks = self._held(factor, place) if is_there and fits(place) else []
            rows = self._drawn(rows_of(), dims) if blocks else factor
            for block in blocks:
                if rows.any():
                    self.pending.discard((place, block))
                    self.show(place, block, rows)
                else:
                    self.met_zeros.add(place)

    def _of_product(self, factor: torch.Tensor) -> Callable[[int], bool]:
        """A test of places: true where a factor (…, inputs, outputs) can be the weight there."""
        copies = factor.shape[0] if factor.dim() > 2 and factor.stride(0) else 1

        def fits(place: int) -> bool:
            weight, is_turned = self.weights[place], self.inputs_first[place]
            inputs = weight.shape[0] if is_turned else weight[0].numel()
            step = weight.stride(0) if is_turned else weight.stride(-1)
            is_along = factor.stride(-2) == step or inputs == 1
            return copies == 1 and factor.shape[-2] == inputs and is_along

        return fits

    def _of_kernel(self, factor: torch.Tensor) -> Callable[[int], bool]:
        return lambda place: factor.shape == self.weights[place].shape

    def _held(self, factor: torch.Tensor, place: int) -> list[int]:
        """The matrices of a weight, not shown yet, whose memory a factor of a product spans."""
        weight, count = self.weights[place], self.blocks[place]
        start = factor.storage_offset() - weight.storage_offset()
        spanned = sum((n - 1) * step for n, step in zip(factor.shape, factor.stride(), strict=True))
        size = weight.numel() // count
        # Of blocks side by side, as inputs first has them, none is seen alone.
        sizes = [(0, weight.numel())] * count if self.inputs_first[place] else []
        sizes = sizes or [(block * size, (block + 1) * size) for block in range(count)]
        return [
            block
            for block, (low, high) in enumerate(sizes)
            if (place, block) in self.pending and start <= low and high <= start + spanned + 1
        ]

    def _drawn(self, rows: torch.Tensor, dims: int) -> torch.Tensor:
        """Some of the rows, or all, in memory of their own: (n, inputs)."""
        shape = rows.shape[:dims]
        count = shape.numel()
        if count <= self.most:
            return rows.reshape(count, -1).float().clone()
        drawn = torch.randperm(count, generator=self.generator)[: self.most].to(rows.device)
        return rows[torch.unravel_index(drawn, shape)].flatten(1).float()

    @staticmethod
    def _windows(  # noqa: PLR0917 - as torch has it
        signal: torch.Tensor,
        weight: torch.Tensor,
        _: Any,
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
        transposed: bool,
        output_padding: Sequence[int],
        groups: int,
    ) -> torch.Tensor:
        """The windows of a convolution: (samples, groups, *places, inputs of a group, *kernel)."""
        kernel, dims = weight.shape[2:], weight.dim() - 2
        low = high = list(padding)
        if transposed:
            # It is a plain one, of the signal with zeros between, by the kernel turned round.
            wide = [(n - 1) * step + 1 for n, step in zip(signal.shape[2:], stride, strict=True)]
            spread = signal.new_zeros(*signal.shape[:2], *wide)
            spread[(..., *(slice(None, None, step) for step in stride))] = signal
            low = [d * (k - 1) - p for d, k, p in zip(dilation, kernel, padding, strict=True)]
            high = [n + more for n, more in zip(low, output_padding, strict=True)]
            signal, stride = spread, [1] * dims
        pads = [n for pair in zip(low[::-1], high[::-1], strict=True) for n in pair]
        windows = torch.nn.functional.pad(signal, pads)
        if transposed:
            windows = windows.flip([*range(2, 2 + dims)])  # which turns places round, too
        for dim, (size, step, apart) in enumerate(zip(kernel, stride, dilation, strict=True), 2):
            windows = windows.unfold(dim, apart * (size - 1) + 1, step)
        windows = windows[(..., *(slice(None, None, apart) for apart in dilation))]
        places = [*range(2, 2 + dims)]
        return windows.unflatten(1, (groups, -1)).movedim([n + 1 for n in places], places)
