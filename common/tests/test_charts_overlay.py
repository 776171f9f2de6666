"""Boxes over a photograph."""

from common.charts.overlay import Box, color_class, overlay


def test_boxes_of_one_class_are_one_path() -> None:
    drawing = overlay([Box(1, 2, 3, 4, "RBC"), Box(10, 20, 30.5, 40, "RBC")], width=640, height=480)
    assert [layer.path for layer in drawing.layers] == ["M1 2H4V6H1ZM10 20H40.5V60H10Z"]


def test_a_class_keeps_its_color_and_colors_repeat_after_twenty() -> None:
    assert [color_class(index) for index in (0, 19, 20)] == ["c1", "c20", "c1"]


def test_a_verdict_replaces_the_color_of_the_class() -> None:
    boxes = [Box(0, 0, 9, 9, "RBC", 3, verdict="missed", style="dash"), Box(0, 0, 9, 9, "RBC", 3, kind="prediction")]
    assert {layer.css for layer in overlay(boxes, width=64, height=48).layers} == {"v-missed dash", "c4"}


def test_names_stay_on_the_image() -> None:
    boxes = [Box(600, 0, 40, 40, "Platelets", score=0.57), Box(-5, 100, 40, 40, "RBC")]
    right, left = overlay(boxes, width=640, height=480, names=True).names
    assert (right.text, right.from_right, right.inside, right.x) == ("Platelets 0.57", True, True, "100%")
    assert (left.x, left.from_right, left.inside) == ("0%", False, False)


def test_names_are_left_out_unless_asked_for() -> None:
    assert not overlay([Box(0, 0, 9, 9, "RBC")], width=64, height=48).names
