"""Webcam: what models see in a face, live.

`session`, `worker`, `overlay`, `answer_log` and `smoothing` know no Streamlit: the thread of a video must not call it.
"""
