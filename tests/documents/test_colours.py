from __future__ import annotations

import re

import pytest

from chapterv.documents.colours import DARK, LIGHT, PAIRS, contrast, theme_css


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("pair", PAIRS, ids="-on-".join)
def test_every_text_stands_out_from_its_ground(
    theme: dict[str, str], pair: tuple[str, str]
) -> None:
    text, ground = pair
    assert contrast(theme[text], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_edges_of_marks_can_be_seen(theme: dict[str, str]) -> None:
    assert contrast(theme["edge"], theme["ground"]) >= 3


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == 21.0
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


def test_both_themes_define_the_same_colours_and_paper_is_light() -> None:
    assert LIGHT.keys() == DARK.keys()
    on_paper = theme_css().rpartition("@media print")[2]
    assert f"--ink:{LIGHT['ink']}" in on_paper
    assert not re.search(DARK["ink"], on_paper)
