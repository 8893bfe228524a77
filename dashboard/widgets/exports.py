"""A run's model as files for other programs: written and checked by a job, then downloaded as one zip."""

from __future__ import annotations

import math
from pathlib import Path

import streamlit as st

import state
from fercore.jobs import Job
from fercore.runs import Run
from widgets.downloads import download_folder
from widgets.job_status import draw_log, offer

FORMATS = {
    "ONNX": {"format": "onnx"},
    "ONNX in 8-bit integers": {"format": "onnx", "precision": "int8"},
    "TorchScript": {"format": "torchscript"},
    "Folder for transformers (Hugging Face)": {"format": "huggingface"},
}
EFFECT = "It writes the files and a model card, and checks that they answer as the run does."


def draw_export(run: Run) -> None:
    """Choose a format; a button that writes it, or the download of what was written. Nothing without weights."""
    if not run.has_weights:
        return
    with st.expander(f"Export {run.name} for other programs", icon=":material/ios_share:"):
        # transformers has no form for an ensemble.
        known = [name for name, flags in FORMATS.items() if not (run.members and flags["format"] == "huggingface")]
        chosen = st.selectbox("Format", known, key="export_format", width=360)
        flags = FORMATS[chosen]
        if "precision" in flags and not state.dataset_matches(run):
            state.missing_dataset("The choice of ranges for 8-bit integers, on images of the run's own data,")
            return
        writes = "-".join([run.name, *flags.values()])
        if job := _made(run, writes):
            download_folder("Download", job.result, writes)
            st.caption("A zip of the files and their model card, which says how good they are and how to use them.")
            draw_log(job)
        else:
            offer("export", "Export it", subject=run.name, flags=flags, writes=writes, effect=EFFECT)


def _made(run: Run, writes: str) -> Job | None:
    """The newest job that wrote these files from the weights that the run has now."""
    weights = max((file.stat().st_mtime for file in run.model_files if file.is_file()), default=math.inf)
    for job in state.jobs().list():
        if Path(job.info["script"]).stem == "export" and job.info["writes"] == writes and job.state == "finished":
            return job if job.result.is_dir() and job.modified("begun.json") >= weights else None
    return None
