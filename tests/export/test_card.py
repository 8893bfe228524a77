from fercore.export.card import Exported, accuracy_lines, model_card
from fercore.export.standalone import Difference
from fercore.runs import update_run
from tests.factories.robustness import keep_counts
from tests.factories.runs import make_run

FILE = Exported(
    "an ONNX file in int8",
    "model.onnx",
    "print(1)",
    "Scaling is inside.",
    "probabilities (N, 7)",
    Difference(0.0123, 0.0004, "64 faces"),
    accuracy={"test": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 70, "split_name": "PrivateTest", "same": 0.9}},
)


def test_the_card_says_what_how_good_and_what_not(tmp_path):
    run = make_run(tmp_path, "toy", accuracy=0.6, tta=("none", "flip"))
    card = model_card(run, FILE)
    assert card.startswith("---\npipeline_tag: image-classification\n")
    for part in (
        "# toy: facial-expression recognition",
        "0 angry, 1 disgust, 2 fear, 3 happy, 4 sad, 5 surprise, 6 neutral",
        "```python\nprint(1)\n```",
        "| PrivateTest | the run | 60.0 % (48.3 to 70.7) | 70 |  |",
        "| PrivateTest | the run, averaged with the mirror image | 60.0 % (48.3 to 70.7) | 70 |  |",
        "| PrivateTest | an ONNX file in int8 | 50.0 % (40.0 to 60.0) | 70 |  |",
        "differ from those of the run's own model in PyTorch by 1.2e-02 at most and 4.0e-04 on average",
        "It learned from FER2013's train split. Epoch and settings were chosen on PublicTest",
        "AI Act, Art. 5(1)(f)",
        "123,456 parameters",
        "trained here: none of its own",
    ):
        assert part in card, part


def test_the_card_names_the_data_that_the_run_learned_from(tmp_path):
    run = make_run(tmp_path, "toy")
    assert "\n- fer2013\n" in model_card(run, FILE)
    names = {"train": "train", "val": "validation", "test": "test"}
    learned = run.info["trained_on"] | {"dataset": "rafdb"}
    card = model_card(update_run(run, trained_on=learned, dataset=run.info["dataset"] | {"split_names": names}), FILE)
    assert "It learned from rafdb's train split. Epoch and settings were chosen on validation, so that only" in card
    assert "rafdb, which they learned from, may have terms of its own." in card
    assert "fer2013" not in card.lower()


def test_where_it_fails_is_told_as_far_as_it_was_measured(tmp_path):
    run = make_run(tmp_path, "toy")
    assert "## Where it fails" not in model_card(run, FILE)
    keep_counts(run, wrong=lambda kind, strength: 10 + (9 if kind == "blur" else 4) * strength)
    card = model_card(run, FILE)
    assert "## Where it fails\n\n- Of 18 kinds of disturbance it suffers most from blur: accuracy 63.0 %" in card


def test_figures_on_seen_images_are_marked(tmp_path):
    run = update_run(make_run(tmp_path), trained_on={"splits": ["train", "test"], "teacher": {"name": "t"}})
    lines = accuracy_lines(run, FILE)
    assert "training data includes PrivateTest: what it remembers, not what it can do" in lines[2]
    assert "taught by the run t" in model_card(run, FILE)
    unknown = update_run(run, trained_on=None)
    assert "What it learned from is not known" in model_card(unknown, FILE)


def test_a_run_without_figures_says_so_and_a_stranger_s_words_stay_words(tmp_path):
    run = make_run(tmp_path, splits=())
    hostile = {"splits": ["train"], "pretraining": "[a](https://evil.example) <script>", "note": "`x`\n# y"}
    card = model_card(update_run(run, trained_on=hostile), Exported(**(vars(FILE) | {"accuracy": None})))
    assert "It has not been measured." in card
    assert "](" not in card.replace("https://eur-lex", "")
    assert "<script>" not in card
    assert "\n# y" not in card
