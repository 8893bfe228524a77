"""The audit of the data set, and what the user decided about its images."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import streamlit as st

from fercore.data.audit.files import COPIES, TABLE, read_audit
from fercore.data.audit.findings import Audit
from fercore.data.copies import SHIPPED, Copies, read_copies
from fercore.data.dataset import AUDIT, DECISIONS
from fercore.data.decisions import Decision, read_decisions, write_decisions
from fercore.data.fer2013_ids import known
from fercore.data.ferplus import doubtful_labels, votes_on
from fercore.emotions import EMOTIONS
from fercore.evaluation.label_errors import suspected_labels
from fercore.runs import Run, stem
from state.background_jobs import may_start_jobs, why_no_jobs
from state.caches import copied, file_state, key, shared
from state.dataset_images import dataset
from state.demo import is_demo
from state.folders import data_root

_deciding = threading.Lock()  # two visitors read the file, change it and write it: one after the other


def audit() -> Audit | None:
    """What scripts/audit.py found in the data set here; None where it has not run on it, or there is no data set."""
    folder, here = data_root() / AUDIT, dataset()
    if here is None or not (folder / TABLE).is_file():
        return None
    state = file_state(folder / TABLE, folder / COPIES)
    found = shared("audit", str(folder), state, lambda: read_audit(folder))
    return found if found.copies.fingerprint == here.info["fingerprint"] else None


def known_copies() -> Copies | None:
    """The counts of the data set here, or of FER2013 where there is none; None where nobody has counted."""
    found, here = audit(), dataset()
    shipped = shared(*key(SHIPPED), lambda: read_copies(SHIPPED))
    if found is not None and shipped.counts.keys() <= found.copies.counts.keys():
        return found.copies
    return shipped if here is None or here.info["fingerprint"] == shipped.fingerprint else None


def decisions_file() -> Path:
    """Where the user's decisions are kept."""
    return data_root() / DECISIONS


def decisions() -> dict[str, Decision]:
    """Image id -> what the user decided."""
    file = decisions_file()
    return copied(*key(file), lambda: read_decisions(file))


def decide(ids: Iterable[str], decision: Decision | None) -> None:
    """Keep one decision on some images, or take back what was decided on them, where visitors may change anything."""
    if is_demo():
        st.warning("This is a demonstration: decisions on images are not kept.", icon=":material/lock:")
        return
    if not may_start_jobs():
        st.warning(f"This decision is not kept. {why_no_jobs()}", icon=":material/lock:")
        return
    with _deciding:
        known = read_decisions(decisions_file())
        for id_ in ids:
            known.pop(id_, None)
            if decision is not None:
                known[id_] = decision
        write_decisions(decisions_file(), known)


def vote_doubts() -> pd.DataFrame | None:
    """Labels that most people do not share (FER+), as `fercore.data.ferplus.doubtful_labels`; None without votes.

    Of the data set here, or of FER2013 where there is none.
    """
    data = dataset()
    ids, labels, classes = (
        (known().ids, known().label, EMOTIONS) if data is None else (data.ids, data.labels, data.classes)
    )

    def doubted() -> pd.DataFrame | None:
        votes = votes_on(ids)
        return None if votes is None else doubtful_labels(ids, [classes[label] for label in labels.tolist()], votes)

    return copied("vote doubts", str(data_root()), file_state(data_root() / "dataset.json"), doubted)


def suspected(run: Run) -> pd.DataFrame:
    """The labels that the out-of-fold predictions of a cross-validation give reason to doubt."""
    file = run.path / f"predictions_{stem('train')}.npz"
    with st.spinner("Comparing labels with out-of-fold predictions ..."):
        return copied(
            "suspected", str(file), file_state(file), lambda: suspected_labels(run.predictions("train"), run.classes)
        )
