"""Train, measure and explain models of facial-expression recognition.

This is the library's door: what most programs and notebooks need, by one import. `docs/api.md` shows each in use.

    import fercore

    model = fercore.load("reference-fast")
    print(model.predict("photo.jpg"))

Names are imported when they are first used, so that `import fercore` itself brings neither torch nor pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fercore.data.dataset import DataError, Dataset, open_dataset
    from fercore.fields import ConfigError
    from fercore.paired_runs import Comparison, compare
    from fercore.run_names import find_run as open_run
    from fercore.run_names import known_runs as list_runs
    from fercore.runs import Run, RunError
    from fercore.trained_model import FaceAnswer, Faces, HeatMap, Model, load
    from fercore.training.train import train

__all__ = [
    "Comparison",
    "ConfigError",
    "DataError",
    "Dataset",
    "FaceAnswer",
    "Faces",
    "HeatMap",
    "Model",
    "Run",
    "RunError",
    "compare",
    "list_runs",
    "load",
    "open_dataset",
    "open_run",
    "train",
]

# Module -> names; what the module itself calls otherwise stands behind a colon.
_MODULES = {
    "fercore.data.dataset": ("DataError", "Dataset", "open_dataset"),
    "fercore.fields": ("ConfigError",),
    "fercore.paired_runs": ("Comparison", "compare"),
    "fercore.run_names": ("open_run:find_run", "list_runs:known_runs"),
    "fercore.runs": ("Run", "RunError"),
    "fercore.trained_model": ("FaceAnswer", "Faces", "HeatMap", "Model", "load"),
    "fercore.training.train": ("train",),
}
_PLACES = {
    name: (module, own or name)
    for module, names in _MODULES.items()
    for name, _, own in (entry.partition(":") for entry in names)
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'fercore' has no attribute {name!r}")
    module, own = _PLACES[name]
    found = getattr(import_module(module), own)
    globals()[name] = found  # so that this is asked once
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
