"""The figures of the slices of an evaluation's images."""

from __future__ import annotations

import pandas as pd

import state
from fercore.evaluation.attributes import Attribute
from fercore.evaluation.slice_file import Sliced, parse_slices
from fercore.evaluation.slices import Searched, search, slice_table, slices_of
from fercore.runs import Predictions


def uploaded(content: bytes, evaluation: state.Evaluation) -> Sliced:
    """The slices of a visitor's file, which stays in memory."""
    return parse_slices(content, state.checked_predictions(*evaluation).id)


def table_of(found: Predictions, attributes: list[Attribute]) -> pd.DataFrame:
    """`slice_table` of all groups of some attributes, kept until one of them changes."""
    return state.worked_out(_table, found, attributes)


def search_in(found: Predictions, attributes: list[Attribute], seed: int) -> Searched:
    """A search for the worst slices, kept as well."""
    return state.worked_out(_search, found, attributes, seed, spinner="Searching ...")


def _table(found: Predictions, attributes: list[Attribute]) -> pd.DataFrame:
    return slice_table(found, slices_of(attributes))


def _search(found: Predictions, attributes: list[Attribute], seed: int) -> Searched:
    return search(found, attributes, seed=seed)
