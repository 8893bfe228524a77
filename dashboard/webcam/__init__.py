"""Parts of the webcam page. `session` and `overlay` know no Streamlit: the thread of a video must not call it."""
