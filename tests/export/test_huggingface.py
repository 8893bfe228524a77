"""A folder for the hub works where this project is not: transformers opens it in a process that cannot import it."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from fercore.export.files import export_run
from fercore.models.forward import probabilities
from fercore.models.registry import load

# What a user of the folder types, where every import of fercore fails.
ELSEWHERE = """
import json, sys
sys.modules["fercore"] = None
import numpy as np
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification, pipeline

for folder in ("cnn", "plain", "vit"):
    trust = folder != "vit"
    model = AutoModelForImageClassification.from_pretrained(folder, trust_remote_code=trust).eval()
    processor = AutoImageProcessor.from_pretrained(folder)
    with torch.inference_mode():
        inputs = processor(Image.open("face.png"), return_tensors="pt")
        answer = model(**inputs).logits.softmax(dim=1)[0].tolist()
        top = pipeline("image-classification", folder, trust_remote_code=True)("face.png", top_k=7) if trust else []
    print(json.dumps([folder, answer, model.config.id2label, {entry["label"]: entry["score"] for entry in top}]))
"""


@pytest.mark.slow
def test_transformers_opens_the_folders_without_this_project(make, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "cache"))  # where transformers copies a folder's code
    face = np.random.default_rng(3).integers(0, 256, (48, 48), dtype=np.uint8)
    Image.fromarray(face).save(tmp_path / "face.png")
    expected = {}
    for kind in ("cnn", "plain", "vit"):
        run = make(kind, kind)
        export_run(run, "huggingface", tmp_path / kind)
        model = load(run)
        expected[kind] = probabilities(model.module, model.preprocess, face[None])[0]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": ""}
    command = [sys.executable, "-c", ELSEWHERE]  # one process for all: its imports take longer than its answers
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert [kind for kind, *_ in said] == list(expected)
    for kind, answer, labels, piped in said:
        np.testing.assert_allclose(answer, expected[kind], atol=1e-5)
        assert list(labels.values()) == ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
        if kind != "vit":  # a pipeline hands over red, green and blue, of which the network takes the luma
            np.testing.assert_allclose([piped[name] for name in labels.values()], expected[kind], atol=1e-5)
