"""A model that others trained, from its folder to the pages: marked, in no ranking, and harmless."""

import pytest

from fercore.models.add import add_model
from fercore.runs import update_run
from fercore.training.evaluate import evaluate_run
from tests.browser.conftest import HOSTILE, boxes
from tests.factories.data import make_dataset
from tests.factories.hub import make_hub_folder
from tests.factories.runs import make_run

pytestmark = pytest.mark.browser


@pytest.fixture
def others_app(serve, tmp_path):
    """A clean run, an added ViT of unknown origin, and a stranger's run that has seen what it is measured on."""
    runs, dataset = tmp_path / "runs", make_dataset(tmp_path / "data", per_class=3)
    make_run(runs, "clean", accuracy=0.5, dataset=dataset)
    added = add_model(str(make_hub_folder(tmp_path / "theirs")), runs)
    evaluate_run(added, dataset, "test")
    stranger = make_run(runs, "stranger", accuracy=0.9, dataset=dataset)
    names = dict.fromkeys(("train", "val", "test"), HOSTILE)
    trained_on = {"splits": ["train", "val", "test"], "note": HOSTILE}
    update_run(stranger, trained_on=trained_on, dataset=stranger.info["dataset"] | {"split_names": names})
    with serve(runs, tmp_path / "data") as running:
        yield running


def test_an_added_model_is_marked_and_explained_and_a_strangers_note_is_harmless(page, others_app, settle):
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    main = page.get_by_test_id("stMain")
    page.goto(others_app.url)
    settle(page)
    assert "clean, chosen by its accuracy on" in main.locator("h4").inner_text()
    assert main.get_by_role("heading", name="Not comparable").is_visible()
    page.goto(f"{others_app.url}/evaluation?run=theirs")
    settle(page)
    assert "training data unknown" in main.locator("h4 .stMarkdownBadge").inner_text()
    page.goto(f"{others_app.url}/evaluation?run=stranger&split=test")
    settle(page)
    assert "training data includes" in main.locator("h4").inner_text()
    assert "remembers" in page.get_by_test_id("stAlertContentWarning").inner_text()
    assert page.locator("a[href*='//evil'], img[src*=evil], .katex").count() == 0
    page.goto(f"{others_app.url}/explain?runs=theirs")
    settle(page)
    assert "theirs says" in main.locator("h4").inner_text()
    assert not boxes(page)
    page.goto("about:blank")  # before the server goes
