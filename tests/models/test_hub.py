"""Classifiers of the Hugging Face hub: labels by name, the processor's own pixels, nothing trusted."""

import json
import os

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from fercore.data.transforms import Preprocess
from fercore.models.forward import probabilities
from fercore.models.hub import HubPreprocess, left_out_mass, open_folder
from fercore.models.hub_labels import HubError, map_labels
from fercore.models.registry import load
from fercore.runs import RunError
from tests.factories.hub import DIMA806_LABELS, make_hub_folder
from tests.factories.runs import make_run

EIGHT = (*DIMA806_LABELS, "contempt")


@pytest.fixture(scope="module", autouse=True)
def quick():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def folder(tmp_path):
    return make_hub_folder(tmp_path / "model")


def faces(n=4):
    return torch.randint(0, 256, (n, 48, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def change(folder, **entries):
    content = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(content | entries))


def test_labels_are_mapped_by_name():
    assert map_labels(DIMA806_LABELS) == ([2, 1, 4, 6, 0, 5, 3], {})
    words = ["Contempt", "ANGER", "disgusted", "Fearful", " joy ", "sadness", "suprise", "Neutral"]
    assert map_labels(words) == ([1, 2, 3, 4, 5, 6, 7], {"contempt": 0})


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("cat", *DIMA806_LABELS[1:]), r"sad missing; 'cat' unknown or there twice\. Received cat, disgust"),
        (DIMA806_LABELS[:6], "happy missing. Received sad, .*expected angry, disgust"),
        ((*DIMA806_LABELS, "anger"), "'anger' unknown or there twice"),
        ((*EIGHT, "contempt"), "'contempt' unknown or there twice"),
        ([f"LABEL_{i}" for i in range(7)], "angry, disgust, .*, neutral missing; 'LABEL_0', .* unknown"),
    ],
)
def test_labels_that_do_not_map_are_refused_with_both_sets(names, words):
    with pytest.raises(HubError, match=words):
        map_labels(names)


@pytest.mark.parametrize("kind", ["vit", "resnet", "convnext"])
def test_any_classifier_answers_as_transformers_does(tmp_path, kind):
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    folder = make_hub_folder(tmp_path / "model", kind=kind)
    module, preprocess = open_folder(folder)
    module.eval()
    processor = AutoImageProcessor.from_pretrained(folder)
    model = AutoModelForImageClassification.from_pretrained(folder).eval()
    pictures = [Image.fromarray(face.numpy()).convert("RGB") for face in faces()]
    inputs = processor(pictures, return_tensors="pt")["pixel_values"]
    assert torch.equal(preprocess(faces()), inputs)
    assert (preprocess.channels, preprocess.size) == (3, inputs.shape[-1])
    logits = model(inputs).logits
    torch.testing.assert_close(module(preprocess(faces())), logits[:, [2, 1, 4, 6, 0, 5, 3]], atol=1e-5, rtol=1e-5)


def test_float_images_are_preprocessed_linearly_and_can_be_differentiated(folder):
    _, preprocess = open_folder(folder)
    pixels = (faces().float() / 255).requires_grad_()
    made = preprocess(pixels)
    # uint8 is rounded to gray levels after each axis is resized, floats are not.
    torch.testing.assert_close(made, preprocess(faces()), atol=1.01 / 255 / 0.5, rtol=0)
    made.sum().backward()
    assert (pixels.grad > 0).all()
    doubled = preprocess(pixels.detach() / 2)
    torch.testing.assert_close(doubled + 1, (made.detach() + 1) / 2, atol=1e-5, rtol=0)


def test_a_shuffled_label_order_gives_the_same_answers(folder, tmp_path):
    shuffled = make_hub_folder(tmp_path / "other", labels=sorted(DIMA806_LABELS))
    answers = [probabilities(m.eval(), p, faces().numpy()) for m, p in map(open_folder, (folder, shuffled))]
    assert abs(answers[0] - answers[1]).max() < 1e-6
    assert len(set(answers[0].argmax(axis=1))) > 1 or abs(answers[0] - answers[0][0]).max() > 1e-3


def test_an_eighth_class_is_left_out_and_its_mass_measured(tmp_path):
    folder = make_hub_folder(tmp_path / "eight", labels=EIGHT)
    module, preprocess = open_folder(folder)
    module.eval()
    assert module.others == {"contempt": 7}
    with torch.no_grad():
        full = module.model(pixel_values=preprocess(faces())).logits.softmax(dim=1)
    with left_out_mass(module) as mass:
        answers = probabilities(module, preprocess, faces().numpy(), batch_size=3)
    assert mass["contempt"] == pytest.approx(full[:, 7].mean().item(), abs=1e-6)
    seven = full[:, [2, 1, 4, 6, 0, 5, 3]]
    torch.testing.assert_close(torch.from_numpy(answers), seven / seven.sum(dim=1, keepdim=True), atol=1e-6, rtol=0)
    assert not module.model._forward_hooks


def test_a_model_of_seven_classes_leaves_nothing_out(folder):
    module, preprocess = open_folder(folder)
    with left_out_mass(module.eval()) as mass:
        probabilities(module, preprocess, faces().numpy())
    assert mass == {}


def test_our_own_preprocessing_is_restored_where_the_config_holds_it(folder):
    change(folder, preprocess={"size": 224, "channels": 3, "mean": 0.4, "std": 0.2})
    (folder / "preprocessor_config.json").unlink()
    assert open_folder(folder)[1] == Preprocess(size=224, channels=3, mean=0.4, std=0.2)


def no_weight(folder):
    state = load_file(folder / "model.safetensors")
    state["bias"] = state.pop("classifier.bias")
    save_file(state, folder / "model.safetensors")


def other_shape(folder):
    state = load_file(folder / "model.safetensors")
    state["classifier.bias"] = torch.zeros(70)
    save_file(state, folder / "model.safetensors")


def processor(folder, **entries):
    content = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps(content | entries))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda f: change(f, model_type="llama"), "model_type is 'llama', which is no image classifier"),
        (lambda f: change(f, model_type="timm_wrapper"), "model_type is 'timm_wrapper'"),
        (lambda f: change(f, model_type=["vit"]), "transformers cannot open it"),
        (lambda f: change(f, quantization_config={"quant_method": "bitsandbytes"}), "it is quantised"),
        (lambda f: change(f, num_hidden_layers=10**6), "asks for many more layers than model.safetensors holds"),
        (lambda f: change(f, num_hidden_layers=10**9), "received the number 1000000000 in its configuration"),
        (lambda f: change(f, hidden_size=4096), r"asks for [\d,]+ weights, but model.safetensors holds"),
        (lambda f: change(f, hidden_size="wide"), "transformers cannot open it"),
        (lambda f: change(f, hidden_act="eval"), "transformers cannot open it"),
        (lambda f: change(f, id2label=None), "has no id2label"),
        (lambda f: change(f, id2label={"0": "sad", "5": "happy"}), "has no label '1', expected the labels 0 to 1"),
        (lambda f: save_file({"x": torch.zeros(3)}, f / "model.safetensors"), "asks for many more layers"),
        (no_weight, "classifier.bias.* is missing or of another shape"),
        (other_shape, "classifier.bias.* is missing or of another shape"),
        (lambda f: processor(f, size={"height": 10**5, "width": 10**5}), "received the number 100000"),
        (lambda f: processor(f, size={"height": 224, "width": 112}), r"its processor makes \(1, 3, 224, 112\)"),
        (lambda f: processor(f, auto_map={"AutoImageProcessor": "x.Y"}), "names code of its own, which is never run"),
    ],
)
def test_a_hostile_or_damaged_folder_is_refused_in_words(folder, harm, words):
    harm(folder)
    with pytest.raises(HubError, match=words):
        open_folder(folder)


def test_what_a_config_may_not_decide_is_passed_over(folder):
    before = open_folder(folder)[0].eval()(torch.ones(1, 3, 224, 224))
    change(folder, auto_map={"AutoModel": "evil.Model"}, dtype="float16", _attn_implementation="someone/kernel")
    module, _ = open_folder(folder)
    assert torch.equal(module.eval()(torch.ones(1, 3, 224, 224)), before)
    assert module.model.config._attn_implementation == "sdpa"


def test_a_named_pipe_in_the_place_of_a_file_is_not_read(tmp_path):
    run = make_run(tmp_path)
    make_hub_folder(run.path)
    (run.path / "config.json").unlink()
    os.mkfifo(run.path / "config.json")
    with pytest.raises(RunError, match=r"config\.json: expected a file"):
        load(run)


def test_the_registry_loads_it_and_names_the_run_in_errors(tmp_path):
    run = make_run(tmp_path, "theirs")
    make_hub_folder(run.path)
    loaded = load(run)
    assert isinstance(loaded.preprocess, HubPreprocess)
    assert loaded.preprocess.to_dict() == {"processor": "ViTImageProcessor", "size": 224, "channels": 3}
    assert not loaded.module.training
    no_weight(run.path)
    with pytest.raises(RunError, match=r"theirs: the model cannot be loaded \(.*classifier.bias"):
        load(run)
