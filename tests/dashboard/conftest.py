"""Pages under test: the real Home.py with folders of the test's own."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import altair as alt
import pytest
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test
from streamlit.util import calc_hash

DASHBOARD = Path(__file__).resolve().parents[2] / "dashboard"
PAGES = sorted(path.parent.name for path in DASHBOARD.glob("views/*/page.py"))
TIMEOUT = 600  # seconds after which something is stuck: a busy machine takes long for the first page


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Folders of runs and of the data set, both absent until a test makes them."""
    monkeypatch.syspath_prepend(str(DASHBOARD))  # as `streamlit run` does
    monkeypatch.setenv("FERCORE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("FERCORE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FERCORE_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("FERCORE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "runs", tmp_path / "data"


@pytest.fixture(scope="session", autouse=True)
def components_found_once() -> Iterator[None]:
    """Each AppTest reads the metadata of all installed packages for components of Streamlit, a second each time."""
    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield


@pytest.fixture(scope="session", autouse=True)
def pages_compiled_once() -> Iterator[None]:
    """A server compiles a page once; each AppTest would anew, and count the commands of each run for Streamlit's
    makers, which config.toml says no to."""
    cache, counted = ScriptCache(), config.get_option("browser.gatherUsageStats")
    config.set_option("browser.gatherUsageStats", False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_test, "ScriptCache", lambda: cache)
        yield
    config.set_option("browser.gatherUsageStats", counted)


@pytest.fixture(scope="session", autouse=True)
def charts_checked_in_full_runs() -> Iterator[None]:
    """Pages do not check their charts against Vega-Lite's schema, which takes an eighth of their time; tests/charts
    does. Where slow tests run, those of pages are checked too."""
    drawn = alt.TopLevelMixin.to_dict

    def checked(chart: alt.TopLevelMixin, validate: bool = True, **more: object) -> dict:
        within = bool(more.get("context"))  # a layer, which is no whole chart by itself
        return drawn(chart, validate if within else True, **more)

    with pytest.MonkeyPatch.context() as patch:
        if "slow" in os.environ.get("FERCORE_REQUIRE", ""):
            patch.setattr(alt.TopLevelMixin, "to_dict", checked)
        yield


@pytest.fixture(autouse=True)
def local_server() -> Iterator[None]:
    """The address that config.toml gives, which AppTest does not read: buttons that start jobs ask for it."""
    before = config.get_option("server.address")
    config.set_option("server.address", "localhost")
    yield
    config.set_option("server.address", before)


@pytest.fixture(autouse=True)
def no_video(monkeypatch: pytest.MonkeyPatch) -> None:
    """streamlit-webrtc asks for the session of a real server, which AppTest has not; its own tests replace it whole."""
    monkeypatch.setattr("streamlit_webrtc.component.get_this_session_info", lambda: None)


@pytest.fixture
def open_page(folders: tuple[Path, Path]) -> Callable[..., AppTest]:
    """`open_page("training", run="a")`: Home.py at the address /training?run=a, as a browser opens it."""

    def opened(page: str = "home", /, **query: str) -> AppTest:
        app = AppTest.from_file(str(DASHBOARD / "Home.py"), default_timeout=TIMEOUT)
        if page != "home":  # what `switch_page` sets, which would have Home drawn before: seconds in all
            app._page_hash = calc_hash(page.replace("_", "-"))
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    return opened


def opened(page: Callable[[], None], **query: str | list[str]) -> AppTest:
    """A function as a page of its own, with a query in its address."""
    app = AppTest.from_function(page, default_timeout=TIMEOUT)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def words(app: AppTest) -> str:
    """Everything a page says, one element a line, its blanks at which no line ends as plain ones."""
    kinds = (app.title, app.markdown, app.subheader, app.caption, app.info, app.warning, app.error, app.code)
    assert not app.exception, [problem.message for problem in app.exception]
    return "\n".join(element.value for kind in kinds for element in kind).replace("\u00a0", " ")


def headline(app: AppTest) -> str:
    """The sentence that opens a page."""
    return next(line for line in words(app).split("\n") if line.startswith("####"))


def charts(app):
    """Vega-Lite specs of a page, in order."""
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


def captions(app):
    """Captions of the pictures of a page."""
    return [picture.caption for element in app.get("image") for picture in element.proto.imgs]


def links(app: AppTest, label: str) -> list[str]:
    """The queries of a page's links of one label, in order."""
    return [link.proto.query_string for link in app.get("page_link") if link.proto.label == label]
