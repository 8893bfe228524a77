"""What is wrong with a data set: copies within and across splits, conflicting labels, blank and odd pictures.

`findings.audit` looks through a data set, `files` keeps what it found. Copies are told apart by how they are found:

exact
    The same pixels (`pictures`).
near
    Pictures whose correlation, once shifted by up to 3 pixels and perhaps mirrored, is at least 0.94 (`similarity`).
    Whom to compare with whom says a perceptual hash (`hashing`), so that the cost grows about as the number of images.
"""
