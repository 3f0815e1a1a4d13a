"""The examples in the room's docstrings are true."""

from __future__ import annotations

import doctest

import pytest

from chapterv.compute import amounts, annex, work


@pytest.mark.parametrize("module", [amounts, annex, work], ids=lambda m: m.__name__)
def test_the_examples_of_a_module_hold(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted > 0
    assert result.failed == 0
