"""A run folder with everything in it, to be damaged; and for how long that is done, see `tests.fuzz.damage`."""

import functools
import os
import time

import pytest

from fercore.evaluation.speeds import Speed, SpeedRecord, write_speeds
from fercore.run_notes import Notes, write_notes
from fercore.runs import update_run
from tests.factories.data import make_dataset
from tests.factories.robustness import keep_counts
from tests.factories.runs import make_embedding, make_run
from tests.fuzz.damage import MINUTES, MORE

CASES = "fuzzed cases"


@pytest.fixture(scope="session")
def good(tmp_path_factory):
    """A run with everything in its folder, a part of a study and of a cross-validation; its data set lies beside it."""
    root = tmp_path_factory.mktemp("good")
    dataset = make_dataset(root / "data", per_class=3)
    run = make_run(root / "runs", "a", dataset=dataset, weights=True)
    make_embedding(run, dataset)
    keep_counts(run)
    write_notes(run, Notes("a note", ("one", "two")))
    write_speeds(run, SpeedRecord("a machine", "2026-01-01", {"torch fp32": Speed(1.0, 100.0)}))
    varied = {"label": "x", "position": 1, "seed": 0, "varied": {"epochs": 3}, "budget": {"seed": 0}}
    study = {"name": "s", **varied, "description": "a test", "points": 2}
    return update_run(run, study=study, kfold={"name": "k", "fold": 1, "folds": 2}, source={"license": "mit"})


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Count the cases of a test, and make others until its share of the time is over."""
    test = getattr(pyfuncitem.obj, "hypothesis", None)
    if test is None or not MORE:
        return None
    made, inner = 0, test.inner_test

    @functools.wraps(inner)
    def counted(*args, **kwargs):
        nonlocal made
        made += 1
        return inner(*args, **kwargs)

    fuzzed = [item for item in pyfuncitem.session.items if hasattr(getattr(item, "obj", None), "hypothesis")]
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    end = time.monotonic() + 60 * MINUTES * processes / len(fuzzed)
    test.inner_test = counted
    try:
        while not made or time.monotonic() < end:
            pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames})
    finally:
        test.inner_test = inner
        pyfuncitem.user_properties.append((CASES, made))
    return True


def pytest_terminal_summary(terminalreporter):
    """Say how many cases there were."""
    reports = [one for outcome in ("passed", "failed") for one in terminalreporter.getreports(outcome)]
    counts = [count for one in reports if one.when == "call" for name, count in one.user_properties if name == CASES]
    if counts:
        terminalreporter.write_line(f"{sum(counts):,} {CASES} in {len(counts)} tests")
