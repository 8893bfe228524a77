"""Which of our classes the labels of a model in the hub's layout are."""

from __future__ import annotations

from collections.abc import Sequence

from fercore.emotions import EMOTIONS, KNOWN, OTHER_EMOTIONS, canonical, classes_problem


class HubError(ValueError):
    """A folder that is no classifier of facial expressions; the message says what was received."""


def classes_of(names: Sequence[str]) -> tuple[str, ...]:
    """The classes of a model with these labels: the seven of FER2013 where it has them all, else its own in its order.

    Raises
    ------
    HubError
        If the labels are no list of facial expressions: a name is there twice, or less than two are known ones.
    """
    found = [canonical(name) for name in names]
    if set(EMOTIONS) <= set(found):
        return EMOTIONS
    problem = classes_problem(found)
    if problem or len(set(found) & set(KNOWN)) < 2:
        raise HubError(
            f"its labels do not map to our classes: received {', '.join(map(str, names))[:300]}"
            f"{f' ({problem})' if problem else ''}; expected {', '.join(EMOTIONS)}, in any order and at most "
            f"{', '.join(OTHER_EMOTIONS)} besides, or other names of which at least two are among {', '.join(KNOWN)}. "
            "Where its config only numbers them, name them in its order with --labels"
        )
    return tuple(found)


def map_labels(names: Sequence[str], classes: Sequence[str] = EMOTIONS) -> tuple[list[int], dict[str, int]]:
    """Where a model's labels have the classes.

    Parameters
    ----------
    names
        The model's label of each of its columns, in any of the usual words.
    classes
        The classes that it is asked about.

    Returns
    -------
    columns
        Column of each of `classes`, in their order.
    others
        Name -> column of each of `OTHER_EMOTIONS` that the model has.

    Raises
    ------
    HubError
        If a class is missing or there twice, or a name is unknown; the message holds both sets of labels.
    """
    columns, others, strange = {}, {}, []
    for column, name in enumerate(names):
        known = str(name) if name in classes else canonical(name)
        place = columns if known in classes else others
        if known in place or (place is others and known not in OTHER_EMOTIONS):
            strange.append(name)
        place[known] = column
    missing = [name for name in classes if name not in columns]
    if missing or strange:
        problems = [f"{', '.join(missing)} missing"] * bool(missing)
        problems += [f"{', '.join(map(repr, strange))} unknown or there twice"] * bool(strange)
        raise HubError(
            f"its labels do not map to our classes: {'; '.join(problems)}. Received {', '.join(map(str, names))}; "
            f"expected {', '.join(classes)}, in any order, and at most {', '.join(OTHER_EMOTIONS)} besides"
        )
    return [columns[name] for name in classes], others


def label_names(content: dict) -> list[str]:
    """The label of each column, from the `id2label` of a config.json; HubError where it has none."""
    labels = content.get("id2label")
    if not isinstance(labels, dict) or not 1 <= len(labels) <= 1000:
        raise HubError("its config.json has no id2label, so nobody can say what its outputs mean")
    try:
        return [str(labels[str(index)]) for index in range(len(labels))]
    except KeyError as error:
        raise HubError(f"its id2label has no label {error}, expected the labels 0 to {len(labels) - 1}") from error
