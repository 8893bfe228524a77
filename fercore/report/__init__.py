"""A run as one HTML file for people who have neither the run nor this project.

The file holds everything it shows and no script: it opens offline, on paper too, and whatever a stranger wrote into a
run folder stays text. `page.html_report` makes it; `facts` tells what run.json says, `figures` what predictions come
to, `drawing` turns charts into SVG.
"""
