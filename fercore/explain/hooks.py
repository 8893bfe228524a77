"""What goes through modules inside a model, captured by hooks that are gone afterwards, whatever happens."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import torch
from torch import nn

T = TypeVar("T")


@contextlib.contextmanager
def captured(
    model: nn.Module,
    names: Iterable[str],
    keep: Callable[[torch.Tensor], T] = torch.clone,
    number: int = 0,
    inputs: bool = False,
) -> Iterator[dict[str, T]]:
    """Capture what named modules put out, or take in, in the forward passes made inside the `with` block.

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
        Which output to keep of a module that puts out several, or which input.
    inputs
        Keep what modules take in instead.

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
        def hook(module: nn.Module, *passed: object) -> None:
            value = passed[-1]  # a hook before the pass has the inputs, one after it the inputs and the output
            found[name] = keep(value if isinstance(value, torch.Tensor) else value[number])

        return hook

    with contextlib.ExitStack() as handles:
        for name in names:
            if name not in modules:
                known = ", ".join(filter(None, modules))
                raise ValueError(f"received the module name {name!r}, expected one of {known}")
            register = modules[name].register_forward_pre_hook if inputs else modules[name].register_forward_hook
            handles.enter_context(register(hook_of(name)))
        yield found
