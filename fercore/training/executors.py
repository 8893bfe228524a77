"""Where the points of a study are trained: one after another in this process, or as tasks of a Ray cluster."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from fercore.data.dataset import Dataset, open_dataset
from fercore.extras import import_extra
from fercore.training.planned import PlannedRun, complete, record_failure

# Takes runs, data set, root and keep_weights; gives each run back once it has ended, well or badly.
Executor = Callable[[list[PlannedRun], Dataset, Path, bool], Iterator[PlannedRun]]


def local(todo: list[PlannedRun], dataset: Dataset, root: Path, keep_weights: bool) -> Iterator[PlannedRun]:
    """Train one run after another in this process, which has the whole machine; see `Executor`."""
    for planned in todo:
        _train(planned, dataset, root, keep_weights, quiet=False)
        yield planned


def on_ray(cpus: float = 1, gpus: float = 0) -> Executor:
    """An executor that makes each run a task of a Ray cluster: the one of RAY_ADDRESS, or one started here.

    All nodes must see the data set and the runs under the same paths, and have fercore installed. A run whose node or
    process is lost counts as failed; it goes on from its last epoch with --retry.

    Parameters
    ----------
    cpus, gpus
        Of a run; as many runs train at once as the cluster has room for.

    Raises
    ------
    RunError
        If Ray is not installed.
    """
    ray = import_extra("ray", "ray")

    def execute(todo: list[PlannedRun], dataset: Dataset, root: Path, keep_weights: bool) -> Iterator[PlannedRun]:
        own = not ray.is_initialized()
        if own:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            ray.init(logging_level=logging.ERROR, log_to_driver=False)
        # Ray would start a lost task again and again, also where it is the task that breaks its machine.
        task = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0)(_task)
        data, runs = dataset.path.resolve(), root.resolve()
        try:
            waiting = {task.remote(planned, data, runs, keep_weights): planned for planned in todo}
            while waiting:
                (ended,), _ = ray.wait(list(waiting), num_returns=1)
                planned = waiting.pop(ended)
                try:
                    ray.get(ended)
                except ray.exceptions.RayError as error:
                    # Ray's text holds a traceback; what went wrong stands in its last line.
                    problem = str(error).strip().splitlines()[-1]
                    record_failure(planned, dataset, root, f"{type(error).__name__}: {problem}")
                yield planned
        finally:
            if own:
                ray.shutdown()

    return execute


def _task(planned: PlannedRun, data: Path, root: Path, keep_weights: bool) -> None:
    _train(planned, open_dataset(data), root, keep_weights, quiet=True)


def _train(planned: PlannedRun, dataset: Dataset, root: Path, keep_weights: bool, quiet: bool) -> None:
    """Train a run; whatever goes wrong is written into its folder, so that the others can go on."""
    try:
        complete(planned, dataset, root, keep_weights=keep_weights, quiet=quiet)
    except Exception as error:
        record_failure(planned, dataset, root, f"{type(error).__name__}: {error}")
