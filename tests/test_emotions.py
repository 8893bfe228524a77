import pytest

from fercore.emotions import COLORS, EMOTIONS, UnknownEmotion, emotion_index


def test_order_is_that_of_fer2013s_codes():
    assert EMOTIONS == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    assert [emotion_index(name) for name in EMOTIONS] == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("name", "code"),
    [("Anger", 0), ("disgusted", 1), ("FEARFUL", 2), (" Happiness\n", 3), ("joy", 3), ("sadness", 4), ("surprised", 5)],
)
def test_other_names_map_to_the_same_classes(name, code):
    assert emotion_index(name) == code


@pytest.mark.parametrize("name", ["contempt", "", "0", "happ", "happy sad", None])
def test_an_unknown_name_is_refused_with_what_is_known(name):
    with pytest.raises(UnknownEmotion, match=r"expected one of angry, disgust, fear, happy, sad, surprise, neutral"):
        emotion_index(name)


def test_every_emotion_has_its_own_colour():
    assert tuple(COLORS) == EMOTIONS
    assert len(set(COLORS.values())) == 7
