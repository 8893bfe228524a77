"""Outputs of modules inside a model, captured by hooks that are gone afterwards, whatever happens."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import torch
from torch import nn

T = TypeVar("T")


@contextlib.contextmanager
def captured(
    model: nn.Module, names: Iterable[str], keep: Callable[[torch.Tensor], T] = torch.clone, number: int = 0
) -> Iterator[dict[str, T]]:
    """Capture what named modules put out in the forward passes made inside the `with` block.

    Parameters
    ----------
    model
        Any module.
    names
        Names of its submodules, as `named_modules` gives them; "" is the model itself.
    keep
        Applied to each output at once, while it still is what the module gave: ResNets change outputs in place later.
        To ask for gradients later (`torch.autograd.grad`) keep the output itself: no copy leads to the answer.
    number
        Which output to keep of a module that puts out several.

    Yields
    ------
    dict
        Name -> what `keep` made of the module's last output. Filled by the passes; a module that did not run, or has
        not yet, is absent.

    Raises
    ------
    ValueError
        If there is no module of a name.
    """
    modules, found = dict(model.named_modules()), {}

    def hook_of(name: str) -> Callable:
        def hook(module: nn.Module, inputs: tuple, output: object) -> None:
            found[name] = keep(output if isinstance(output, torch.Tensor) else output[number])

        return hook

    with contextlib.ExitStack() as handles:
        for name in names:
            if name not in modules:
                known = ", ".join(filter(None, modules))
                raise ValueError(f"received the module name {name!r}, expected one of {known}")
            handles.enter_context(modules[name].register_forward_hook(hook_of(name)))
        yield found
