"""A training that lives in a run folder: starts it, resumes it, and leaves it readable however it ends."""

from __future__ import annotations

import contextlib
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fercore import runs
from fercore.data.dataset import Dataset, average_faces
from fercore.data.decisions import apply_decisions
from fercore.evaluation.elsewhere import FOLDER
from fercore.models.registry import save_model
from fercore.run_lock import training_lock
from fercore.runs import HISTORY_COLUMNS, Run, RunError
from fercore.training.checkpoint import check_progress, has_state, load_state, restore_optimizer, save_state
from fercore.training.config import Config, fitted, from_dict
from fercore.training.distillation import Teacher, open_teacher
from fercore.training.evaluate import evaluate_run
from fercore.training.first_weights import FirstWeights, open_first_weights
from fercore.training.longer import continued, lengthened
from fercore.training.loop import is_done, run_epoch
from fercore.training.progress import Progress
from fercore.training.run_info import describe
from fercore.training.setup import Fit, setup
from fercore.training.trackers import Tracking, best_epoch, check_trackers, tracked

LONGEST_PROBLEM = 2000  # characters of an error's message that run.json keeps


def start(
    config: Config,
    dataset: Dataset,
    root: Path,
    name: str,
    command: str = "",
    quiet: bool = False,
    notes: Mapping[str, Any] | None = None,
    log_with: Sequence[str] = (),
) -> Run:
    """Train a new run to its end.

    Parameters
    ----------
    config
        What to train, and how; it is fitted to the data set (`config.fitted`).
    dataset
        Fitted on its train split; epochs are judged on val; test is scored once at the end.
    root, name
        The run folder will be root/name.
    command
        What the user typed, for the record.
    quiet
        Print nothing.
    notes
        Further entries of run.json, such as the study that the run belongs to.
    log_with
        Trackers to send its figures to, see `fercore.training.trackers`.

    Returns
    -------
    Run
        The finished run, with weights, predictions and metrics for val and test.

    Raises
    ------
    RunError
        If the name is taken or will not do, a tracker is not installed, the teacher that the config names cannot teach,
        or the run whose weights it starts from has none.
    ConfigError, DataError
        If the config does not fit the data set, or the decisions on images that it names cannot be applied.
    KeyboardInterrupt
        Passed on, after the run was marked as stopped.
    """
    check_trackers(log_with)
    config = fitted(config, dataset)
    decided, decisions = apply_decisions(dataset, config.training.exclude, config.training.relabel)
    fit = setup(config, decided, teacher=_teacher(config, dataset, root), first=_first_weights(config, root))
    if fit.accelerator.is_main_process:
        faces = average_faces(dataset)  # before the run is there, which until it is locked passes for interrupted
        run = runs.create_run(root, name, describe(fit, dataset, command, decisions) | dict(notes or {}))
        runs.write_npz(run.path / "average_faces.npz", faces=faces)
    fit.accelerator.wait_for_everyone()
    return _train(fit, dataset, Path(root) / name, quiet, None, log_with)


def resume(
    dataset: Dataset,
    root: Path,
    name: str,
    quiet: bool = False,
    epochs: int | None = None,
    log_with: Sequence[str] = (),
) -> Run:
    """Go on with an interrupted run from its last finished epoch, to the same result as an uninterrupted one.

    With `epochs`, a finished run too goes on until it has so many; see `fercore.training.longer`.

    Raises
    ------
    RunError
        If the run is finished, being trained, damaged, was trained on other images, its teacher or the decisions on
        its images have changed, or it cannot have more epochs.
    """
    check_trackers(log_with)
    run = runs.open_run(Path(root) / runs.check_name(name))
    if run.status == "finished" and epochs is None:
        raise RunError(
            f"{name} is finished; score it with: python scripts/evaluate.py {name}, or train it further with --epochs"
        )
    received, expected = dataset.info["fingerprint"], run.info["dataset"].get("fingerprint")
    if received != expected:
        raise RunError(
            f"{name} was trained on the data set {expected}, but {dataset.path} holds {received}; "
            "give its own data set with --data"
        )
    if run.info["dataset"].get("order", dataset.order) != dataset.order:  # earlier versions recorded none
        raise RunError(
            f"{name} was trained on these images in another order, as another form has: {dataset.path} came from "
            f"{dataset.info['source']['form']}, the run's from {run.info['dataset'].get('source')}. It would not end "
            "as it was begun; give its own data set with --data"
        )
    if dataset.counts() != run.info["dataset"].get("counts"):
        raise RunError(
            f"{name} was trained on other images than the train split of {dataset.path}, as the folds of a "
            f"cross-validation are; go on with what started it: {run.info.get('command')}"
        )
    config = from_dict(run.info["config"], f"{run.path}/run.json")
    if epochs is not None:
        config = lengthened(run, config, epochs)
    if teacher := _teacher(config, dataset, root):
        teacher.check_unchanged(run)
    fresh = not has_state(run.path)
    first = _first_weights(config, root) if fresh else None
    fit = setup(config, _decided_as_before(run, config, dataset), fresh, teacher, first)
    return _train(fit, dataset, run.path, quiet, None if epochs is None else continued(run, config), log_with)


def _decided_as_before(run: Run, config: Config, dataset: Dataset) -> Dataset:
    """The data set as a run saw it when it began."""
    decided, now = apply_decisions(dataset, config.training.exclude, config.training.relabel)
    trained_on = run.info.get("trained_on")
    before = trained_on.get("decisions") if isinstance(trained_on, dict) else None
    if now != before:
        raise RunError(
            f"{run.name} began with other decisions on its images ({before} in run.json) than --exclude and --relabel "
            f"name now ({now}); put the earlier decisions back, or train under a new name"
        )
    return decided


def _teacher(config: Config, dataset: Dataset, root: Path) -> Teacher | None:
    training = config.training
    return open_teacher(training.teacher, dataset, root) if training.distillation else None


def _first_weights(config: Config, root: Path) -> FirstWeights | None:
    name = config.training.init_from
    return open_first_weights(name, root) if name else None


def _train(
    fit: Fit,
    dataset: Dataset,
    path: Path,
    quiet: bool,
    changes: Mapping[str, Any] | None = None,
    log_with: Sequence[str] = (),
) -> Run:
    main = fit.accelerator.is_main_process
    with _sigterm_as_interrupt(), training_lock(path) if main else contextlib.nullcontext():
        run = runs.open_run(path)
        try:
            _restore(fit, run)
            if main:
                run = runs.update_run(run, status="running", finished=None, problem=None, **(changes or {}))
            if main and not quiet:
                print(f"Training {path}. Stop with Ctrl-C; go on with: {_how_to_go_on(run)}", flush=True)
            with tracked(log_with if main else (), run, fit.history) as trackers:
                run = _fit_and_score(fit, dataset, run, main and not quiet, trackers)
        except BaseException as error:
            if main:
                status = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
                # On a full disk even this can fail; a run that says "running" without its lock shows as interrupted.
                with contextlib.suppress(OSError):
                    runs.update_run(run, status=status, problem=f"{type(error).__name__}: {error}"[:LONGEST_PROBLEM])
            raise
    fit.accelerator.wait_for_everyone()
    return run


def _fit_and_score(fit: Fit, dataset: Dataset, run: Run, speaks: bool, trackers: Sequence[Tracking]) -> Run:
    """All epochs that are left, then val and test; only the main process writes."""
    main, epochs = fit.accelerator.is_main_process, fit.config.training.epochs
    progress = Progress(epochs * fit.steps, len(fit.history) * fit.steps, enabled=speaks)
    with contextlib.closing(progress):
        while not is_done(fit):
            row = run_epoch(fit, progress)
            if main:
                run = _keep(fit, run)
                progress.epoch(row, epochs, len(fit.targets))
                for tracking in trackers:
                    tracking.epoch(row)
    if not main:
        return run
    for split in ("val", "test"):
        evaluate_run(run, dataset, split, progress=speaks)
    run = runs.update_run(run, status="finished", finished=runs.utc_now())
    for tracking in trackers:
        for split in ("val", "test"):
            tracking.scores(split, run.metrics(split), best_epoch(run))
    return run


def _how_to_go_on(run: Run) -> str:
    part_of_more = {"study", "kfold"} & run.info.keys()
    return run.info["command"] if part_of_more else f"train.py --resume {run.name}"


def _restore(fit: Fit, run: Run) -> None:
    saved = load_state(run.path)
    if saved is None:
        return
    parts, progress = saved
    try:
        fit.module.load_state_dict(parts["model"])
        for name, optimizer in fit.optimizers.items():
            restore_optimizer(optimizer, parts.get(name, {}))
        if fit.average:
            fit.average.load_state_dict(parts["ema"])
        if fit.guidance:
            fit.accelerator.unwrap_model(fit.guidance.project).load_state_dict(parts["guidance"])
        check_progress(progress["history"], progress["best"])
        fit.history, fit.best = progress["history"], progress["best"]
    except (KeyError, RuntimeError, ValueError) as error:
        raise RunError(f"{run.path}/last does not fit the run's config ({error}); train under a new name") from error
    if fit.accelerator.is_main_process:
        _write_history(fit, run)


def _keep(fit: Fit, run: Run) -> Run:
    """Put a finished epoch on disk. Killed between any two lines, the run resumes from the epoch before."""
    if fit.waited == 0:
        _forget_measurements(run)
        state = {name.removeprefix("module."): t for name, t in fit.evaluated.state_dict().items()}
        save_model(run.path, fit.config.model_type, fit.config.model, state, fit.preprocess, run.classes)
    parts = {"model": fit.module.state_dict()}
    parts |= {name: optimizer.state_dict() for name, optimizer in fit.optimizers.items()}
    if fit.average:
        parts["ema"] = fit.average.state_dict()
    if fit.guidance:
        parts["guidance"] = fit.accelerator.unwrap_model(fit.guidance.project).state_dict()
    save_state(run.path, parts, {"history": fit.history, "best": fit.best})
    _write_history(fit, run)
    return runs.update_run(run, best=fit.best)


def _forget_measurements(run: Run) -> None:
    """Delete what was computed from the weights of an earlier epoch, by scripts that ran while training was stopped."""
    for pattern in ("metrics_*.json", "predictions_*.npz", "features_*.npz", "embedding_*.npz", "robustness_*.npz"):
        for outdated in run.path.glob(pattern):
            outdated.unlink(missing_ok=True)
    if not (run.path / FOLDER).is_symlink():
        shutil.rmtree(run.path / FOLDER, ignore_errors=True)


def _write_history(fit: Fit, run: Run) -> None:
    text = pd.DataFrame(fit.history, columns=list(HISTORY_COLUMNS)).to_csv(index=False)
    runs.atomic_write(run.path / "history.csv", lambda file: file.write(text.encode("utf-8")))


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let `kill` end a training as Ctrl-C does. Signals belong to the main thread; elsewhere this does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)
