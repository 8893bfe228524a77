"""A real server, its jobs, and both are killed at random moments: the page Jobs tells the truth, and all goes on.

tests/jobs/test_kills.py does the same more often, to a process that stands for the server.
"""

import os
import random
import time

import pytest

from fercore.jobs.records import ALIVE, list_jobs
from fercore.runs import open_run
from tests.browser.conftest import free_port, watched_tab
from tests.browser.test_jobs import LONG, server, wait
from tests.factories.data import make_dataset
from tests.factories.runs import make_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SEED = int(os.environ.get("KILL_SEED", "0"))


@pytest.mark.parametrize("target", ["server", "job", "both"])
def test_the_page_tells_the_truth_after_a_kill(chromium, settle, tmp_path, target):
    chance, port = random.Random(f"{SEED} {target}"), free_port()
    dataset = make_dataset(tmp_path / "data" / "mine", per_class=2)
    make_run(tmp_path / "runs", "a", dataset=dataset, weights=True, splits=())
    with server(tmp_path, port) as url, watched_tab(chromium) as tab:
        tab.goto(f"{url}/evaluation?run=a")
        settle(tab)
        tab.get_by_role("button", name="Evaluate it").click()
        wait(lambda: list_jobs(tmp_path / "jobs")[0], "the job")
        [job] = list_jobs(tmp_path / "jobs")[0]
        wait(job.process, "its process")
        time.sleep(chance.uniform(0, 5))
        if target != "server" and (process := job.process()):
            process.kill()
        if target == "job":
            check(tab, settle, url, job)
    # The server was killed at the end of this block.
    with server(tmp_path, port) as url, watched_tab(chromium) as tab:
        check(tab, settle, url, job)
        if job.state == "interrupted":
            tab.get_by_role("button", name="Go on").click()
            wait(lambda: len(list_jobs(tmp_path / "jobs")[0]) == 2, "the job that goes on")
            job = list_jobs(tmp_path / "jobs")[0][-1]
            check(tab, settle, url, job)
    assert job.state == "finished", job.log()
    assert open_run(tmp_path / "runs" / "a").metrics("test")["n"] == 14


def check(tab, settle, url, job) -> None:
    """What the page says of a job once it has ended."""
    wait(lambda: job.state not in ALIVE, "its end")
    tab.goto(f"{url}/jobs?job={job.id}")
    settle(tab)
    said = {"finished": "Finished in", "interrupted": "was interrupted"}[job.state]
    tab.get_by_text(said).first.wait_for(timeout=1000 * LONG)
