import numpy as np

from fercore.charts.boxes import LONGEST, SHORTEST, numbered

YELLOW, GRAY = [255, 214, 0], [128, 128, 128]


def gray(height, width):
    return np.full((height, width, 3), 128, np.uint8)


def test_a_box_has_its_edges_where_it_is_said_and_leaves_the_face_free():
    drawn = numbered(gray(400, 600), [(200, 100, 300, 250)])
    assert drawn.shape == (400, 600, 3)
    for x, y in [(200, 200), (300, 200), (250, 250)]:  # left, right and bottom edge
        assert drawn[y, x].tolist() == YELLOW
    assert (drawn[110:240, 210:290] == GRAY).all()
    assert (drawn[300:] == GRAY).all()
    assert (drawn[:, 320:] == GRAY).all()


def test_numbers_stand_above_the_boxes_and_differ():
    drawn = numbered(gray(400, 600), [(50, 100, 150, 200), (250, 100, 350, 200)])
    tags = [drawn[84:99, x : x + 14] for x in (50, 250)]
    assert all((tag == YELLOW).all(axis=2).mean() > 0.4 for tag in tags)
    assert not np.array_equal(*tags)


def test_a_box_at_the_upper_edge_keeps_its_number_in_the_picture():
    drawn = numbered(gray(400, 600), [(0, 0, 600, 400)])
    assert (drawn[:14, :10] == YELLOW).all(axis=2).mean() > 0.4
    assert (drawn[-1, 100:] == YELLOW).all()
    assert (drawn[100:, -1] == YELLOW).all()


def test_large_pictures_are_reduced_and_small_ones_enlarged_with_their_boxes():
    large = numbered(gray(1500, 3 * LONGEST), [(900, 600, 1800, 1200)])
    assert large.shape == (500, LONGEST, 3)
    assert large[300, 300].tolist() == large[300, 600].tolist() == large[400, 450].tolist() == YELLOW
    small = numbered(gray(SHORTEST // 2, 8), [(0, 80, 8, 160)])
    assert small.shape == (SHORTEST, 16, 3)


def test_without_faces_the_picture_is_as_it_is():
    picture = np.random.default_rng(0).integers(0, 256, (350, 500, 3), dtype=np.uint8)
    assert np.array_equal(numbered(picture, []), picture)
