"""One pass compared with torch's own operation counter.

The counter sees tensor operations and knows some of them; one that it does not know counts
nothing, without a word. So the operations that look like products and are not known are listed, and
a difference comes with the list that explains it. Its convention is the full one: a causal mask is
never discounted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from chapterv.errors import InputError
from chapterv.meter.batches import read_batch
from chapterv.meter.lengths import Lengths
from chapterv.meter.libraries import library

if TYPE_CHECKING:
    from chapterv.compute import Terms

__all__ = ["AGREES", "CrossCheck", "cross_check"]

AGREES = Fraction(2, 100)
"""Difference from which on it has to be explained."""
_PRODUCTS = ("mm", "matmul", "attention", "conv", "linear", "einsum", "dot", "scan", "gemm", "bmm")
_NO_PRODUCTS = ("embedding", "norm", "softmax", "cat", "stack", "where", "index", "gather",
                "scatter", "copy", "loss", "dropout", "cumsum", "topk", "sort",
                "linear_backward")  # fmt: skip
_OWN = ("aten", "prim", "prims", "profiler")
MAX_LISTED = 20


class CrossCheck(NamedTuple):
    """One pass in both counts.

    Args:
        counted: operations that torch's counter saw.
        expected: operations by the closed form, full convention.
        by_operator: what the counter saw, by operator, the largest first.
        unknown: operators that look like products and that the counter does not know, with how
            often they ran.
    """

    counted: int
    expected: int
    by_operator: tuple[tuple[str, int], ...]
    unknown: tuple[tuple[str, int], ...]

    @property
    def ratio(self) -> Fraction:
        """Counted over expected."""
        return Fraction(self.counted, self.expected)

    @property
    def agrees(self) -> bool:
        """Both differ by no more than 2 %."""
        return abs(self.ratio - 1) <= AGREES

    def __str__(self) -> str:
        lines = [
            f"torch counts {self.counted} operations, the closed form {self.expected}: "
            f"ratio {float(self.ratio):.4f}"
        ]
        if self.unknown:
            names = ", ".join(f"{name} ({times} times)" for name, times in self.unknown)
            lines.append(f"operators that the counter does not know: {names}")
        if not self.agrees:
            lines.append("counted by operator:")
            lines += [f"  {name} {amount}" for name, amount in self.by_operator]
            if not self.unknown:
                lines.append(
                    "all products are known: look for recomputation of activations, or for "
                    "layers that the configuration does not name"
                )
        return "\n".join(lines)


def cross_check(
    terms: Terms | None, model: Any, batch: Mapping[str, Any], *, on: str = "meta"
) -> CrossCheck:
    """Count one forward and backward pass with torch and with the closed form.

    Args:
        terms: the operations of a pass, from `chapterv.compute.terms_of`.
        model: the model; its weights and gradients stay as they are.
        batch: arguments of its forward pass, with `input_ids`.
        on: "meta" runs shapes alone, "model" runs the model where it is.

    Returns: both counts and the operators.

    Raises:
        InputError: torch is missing, the batch has no tokens, or the pass cannot be run.
    """
    torch = library("torch")
    found = read_batch(batch)
    if terms is None or found is None:
        raise InputError("the batch has no input_ids", None, "Give the arguments of the model.")
    lengths = Lengths(terms, None)
    sums = lengths.new()
    lengths.add_table(sums, found.rows)
    pairs = [(causal, full) for causal, full in sums.pairs]
    _, expected = terms.operations(found.tokens, sums.positions, sums.squared, pairs)
    counter = library("torch.utils.flop_counter").FlopCounterMode(display=False)
    seen: dict[str, int] = {}
    try:
        with _recording(torch, counter, seen):
            _run(torch, model, batch, on)
    except Exception as error:
        raise InputError(
            f"the pass cannot be run on {on}: {type(error).__name__}: {str(error)[:200]}", None,
            'Give on="model", or a batch with a mask of four dimensions and position_ids.',
        ) from error  # fmt: skip
    counts = counter.get_flop_counts().get("Global", {})
    by_operator = sorted(((str(name), int(n)) for name, n in counts.items()), key=lambda p: -p[1])
    unknown = sorted(seen.items(), key=lambda pair: -pair[1])[:MAX_LISTED]
    return CrossCheck(sum(n for _, n in by_operator), expected, tuple(by_operator), tuple(unknown))


def _run(torch: Any, model: Any, batch: Mapping[str, Any], on: str) -> None:
    if on == "meta":
        names = [*model.named_parameters(), *model.named_buffers()]
        tensors = {
            name: torch.empty_like(one, device="meta").requires_grad_(one.requires_grad)
            for name, one in names
        }
        inputs = {name: _moved(one, "meta") for name, one in batch.items()}
        output = torch.func.functional_call(model, tensors, (), inputs)
        _loss(output).backward()
        return
    kept = [(one, one.grad) for one in model.parameters()]
    try:
        for one, _ in kept:
            one.grad = None
        _loss(model(**batch)).backward()
    finally:
        for one, grad in kept:
            one.grad = grad


def _moved(value: Any, device: str) -> Any:
    return value.to(device) if hasattr(value, "to") else value


def _loss(output: Any) -> Any:
    """Return one number whose gradient passes through everything."""
    loss = getattr(output, "loss", None)
    if loss is not None:
        return loss
    logits = getattr(output, "logits", output)
    return logits.sum()


@contextmanager
def _recording(torch: Any, counter: Any, seen: dict[str, int]) -> Iterator[None]:
    """Count operations, and note products that the counter does not know."""
    base: type = library("torch.utils._python_dispatch").TorchDispatchMode

    class Recorder(base):  # type: ignore[misc]
        """Stands below the counter, so it sees what the counter could not take apart."""

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            out = func(*args, **(kwargs or {}))
            packet = getattr(func, "_overloadpacket", func)
            if packet not in counter.flop_registry and _is_product(torch, func, args):
                name = str(packet)
                seen[name] = seen.get(name, 0) + 1
            return out

    with Recorder(), counter:
        yield


def _is_product(torch: Any, func: Any, args: Any) -> bool:
    """Tell whether an operator may be a product: two large inputs, not joined one by one."""
    name = str(func).partition(".")[2].partition(".")[0]
    space = str(func).partition(".")[0]
    large = [one for one in _tensors(torch, args) if one.dim() > 1 and one.is_floating_point()]
    if len(large) < 2 or torch.Tag.pointwise in getattr(func, "tags", ()):
        return False
    if any(word in name for word in _NO_PRODUCTS):
        return False
    return space not in _OWN or any(word in name for word in _PRODUCTS)


def _tensors(torch: Any, args: Any) -> Iterator[Any]:
    for one in args:
        if isinstance(one, torch.Tensor):
            yield one
        elif isinstance(one, list | tuple):
            yield from (item for item in one if isinstance(item, torch.Tensor))
