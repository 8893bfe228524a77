"""What the author of the report's ViT reports of it: shown with the reason why it is not comparable, and not ranked."""

from __future__ import annotations

import pandas as pd
import streamlit as st

import state
from fercore.charts.evaluation import confusion_matrix
from fercore.charts.overview import reference_report
from fercore.charts.style import count, figure_words, with_range
from fercore.evaluation.published import published_accuracy, published_confusion, published_table
from fercore.evaluation.tables import PER_CLASS
from widgets.downloads import download_table
from wording.markdown import code, unbroken

CARD = "https://huggingface.co/dima806/facial_emotions_image_detection"
CAUTION = (
    "**Do not set this beside the figures above.** The notebook that made the model merged all 35,887 images of "
    "FER2013, PrivateTest among them, filled every emotion up to 8,989 with copies, 62,923 in all, and only then "
    "split these. So copies of one image stand on both sides: of disgust, with 547 pictures behind its 8,989, the "
    "model is right on every single test image. What the figures say is how well it remembers; no score of it on "
    "FER2013 says how it does with faces it has not seen, which is why runs of it carry a badge here and are in no "
    "ranking."
)
FIGURE = (
    "Of the matrix (the report's figure 15) the card has a picture only. Its figures of four digits (figure 16) leave "
    "one possibility for the diagonal and for the sums of rows and columns, and these are shown; which class an image "
    "was taken for instead does not follow from them."
)


def draw() -> None:
    """The card's accuracy with the caution; on demand its confusion matrix and its figures by class."""
    published = reference_report()["vit_dima806"]
    st.subheader("Reported by its author, not measured here")
    st.markdown(
        "The report that this project began with (section 7) found the Vision Transformer "
        f"{code(published['model'])} to perform best. [Its card]({CARD}) reports "
        f"{unbroken(with_range(published_accuracy(published)))} of {count(published['support'])} test images of its "
        "own making."
    )
    st.warning(CAUTION, icon=":material/warning:")
    box = st.expander("The card's confusion matrix and figures by emotion", key="card", bind="query-params")
    if box.open:
        with box:
            draw_figures(published)


def draw_figures(published: dict) -> None:
    table = published_table(published)
    shown = pd.DataFrame({"Class": table["class"]})
    for key in PER_CLASS:
        columns = table[[key, f"{key}_low", f"{key}_high"]].itertuples(index=False)
        shown["F1" if key == "f1" else key.capitalize()] = [figure_words(*row) for row in columns]
    with st.container(horizontal=True, gap="large"):
        settings = {"width": 560, "alt": "The diagonal of the card's confusion matrix and what lies beside it"}
        state.chart(confusion_matrix, published_confusion(published), "by_true", state.dark(), **settings)
        images = st.column_config.NumberColumn(format="%,d")
        st.dataframe(
            shown.assign(Images=table["support"]), column_config={"Images": images}, hide_index=True, width=560
        )
    st.caption(FIGURE)
    st.caption("Ranges are 95 % intervals, worked out here; the card gives none. Accuracy stands in the column of F1.")
    download_table("Download the card's figures", table, "reported_vit.csv")
