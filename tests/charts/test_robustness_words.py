"""What counts of disturbed pictures say."""

from fercore.charts.robustness_words import kind_rows, summary
from tests.factories.robustness import made_counts


def test_sentences():
    sizes = {"n": 200, "split_size": 200}
    own = made_counts(lambda kind, strength: {"noise": 9, "hand": 8}.get(kind, 4) * strength + 10, **sizes)
    said = summary(own, "mine", made_counts(lambda kind, strength: 10 + 8 * strength, weights_sha256="other", **sizes))
    assert said[0].startswith("mine has an accuracy of 95.0 % on 200 images of PrivateTest. It falls most, ")
    assert "under noise (81.5 % (" in said[0]
    assert "and hand (83.0 % (" in said[0]
    assert said[1].startswith("Its mean corruption error is ")
    assert said[2] == "Changes too small to see turn 2.0 % of its answers into others (2.0 to 2.0 by kind)."
    assert said[-1] == "Under no kind is accuracy higher at a strength than at the one before."


def test_without_a_baseline_or_a_threshold_nothing_is_said_of_them():
    found = made_counts(threshold=None)
    for baseline in (None, found):
        said = " ".join(summary(found, "mine", baseline))
        assert "corruption" not in said
        assert "threshold" not in said


def test_a_threshold_that_does_not_hold_is_told_with_its_worst_case():
    said = summary(made_counts(lambda kind, strength: 80 if (kind, strength) == ("blur", 4) else 10), "mine", None)
    assert (
        "under 1 of 86 disturbances fewer are, by more than noise, fewest under blur at strength 4: 20.0 %" in said[2]
    )
    held = summary(made_counts(lambda kind, strength: 10), "mine", None)
    assert held[2].endswith("which holds, within noise, under every disturbance.")


def test_what_one_of_many_would_show_by_luck_is_noise():
    # 72 of 100 right where 80 should be: p = 0.03 alone, and nothing among 86.
    said = summary(made_counts(lambda kind, strength: 28 if (kind, strength) == ("blur", 4) else 10), "mine", None)
    assert said[2].endswith("which holds, within noise, under every disturbance.")


def test_how_many_kinds_are_not_monotone_is_told_in_short():
    wrong = {"equalised": lambda strength: 20 - 2 * strength, "noise": lambda strength: 30 - 5 * (strength == 4)}
    said = summary(made_counts(lambda kind, strength: wrong.get(kind, lambda _: 20)(strength)), "mine", None)
    assert said[-1] == (
        "Under 2 of 18 kinds accuracy is higher at some strength than at the one before, by 5.0 points at most (noise)."
    )
    assert len(summary(made_counts(lambda kind, strength: 40 - 6 * strength), "mine", None)[-1]) < 130


def test_rows_as_people_read_them():
    rows = kind_rows(made_counts(lambda kind, strength: 30 if kind == "mask" and strength else 10))
    assert rows.iloc[0, :2].tolist()[0] == "mask"
    assert rows.iloc[0, 1].startswith("70.0 % (")
    assert rows.iloc[0, 2].startswith("20.0 (")
