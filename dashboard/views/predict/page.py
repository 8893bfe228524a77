"""Predict: which expressions do one or two models see in pictures of the user's own?"""

import streamlit as st

from widgets.page_title import page_title

page_title("Predict", "Which expressions are in your pictures?")
with st.spinner("Loading the models ..."):  # brings torch: seconds, once
    from views.predict.answered_pictures import show_pictures
    from views.predict.clip import Kept, ask, choose_clip, draw_progress, go_on
    from views.predict.clip_results import draw_results
    from views.predict.detector_choice import offer_yunet
    from views.predict.question import Asking, choose, describe_sure
    from views.predict.saved_answers import show_saved
    from views.predict.uploads import SAVED, VIDEO, choose_pictures, choose_source

ABOUT = """
- **An expression is not a feeling.** A model names what people would call the face in a picture, and is wrong about one
  in three of them. Do not use it on people at work or in education: in the EU that is prohibited, except for
  medical or safety reasons (AI Act, Art. 5(1)(f)). Other emotion recognition counts as high-risk there (Annex III,
  1(c)).
- **Nothing is stored.** Pictures and videos go from your browser to this server's memory and are forgotten with
  your session.
- **What the models see** is the square on each card, cropped as FER2013's faces are, in the size and the colours that
  each model learned from (those of FER2013 are gray, of 48x48 pixels); heads that lean or lie are set upright. Square
  pictures of at most 64 pixels are crops already and are used whole, and so are those of at most 128 in which no face
  is found. Where none is found in a crop, no answer is sure.
- **Probabilities** are scaled by a temperature chosen on the validation split, so that of all answers given with 70 %
  about 70 % are right (Guo et al. 2017).
"""


def show_clip(asking: Asking) -> Kept | None:
    """A video, what is done about it, and what was found in it."""
    kept = choose_clip()
    if kept:
        ask(kept, asking)
        draw_progress(kept)
        if kept.survey and not kept.survey.goes_on:
            models = asking.models(kept.runs, kept.survey.runs)
            draw_results(kept, models)
            describe_sure(models, asking.tta)
    return kept


asking, source, kept = choose(), choose_source(), None
if source == VIDEO:
    kept = show_clip(asking)
elif source == SAVED:
    show_saved()
else:
    show_pictures(choose_pictures(source, asking.runs), asking)
with st.expander("What this means, and what happens with the pictures", icon=":material/info:"):
    st.markdown(ABOUT)
    offer_yunet()
if kept:
    go_on(kept)
