"""The page of assumptions is that of the code, and each says what depends on it and what would settle it."""

from photonrig.localcloud.assumptions import CHOICES, SETTLED

from .open_questions import DOCUMENT, render


def test_the_page_is_current() -> None:
    assert DOCUMENT.read_text() == render(), "run python -m tests.localcloud.open_questions and commit the page"


def test_each_assumption_says_its_effect_and_what_settles_it() -> None:
    for name, choice in CHOICES.items():
        assert choice.why and choice.effect and choice.settled_by, name


def test_each_settled_question_has_the_address_of_its_source() -> None:
    for name, found in SETTLED.items():
        assert found.why and found.address.startswith("https://"), name
    assert not SETTLED.keys() & CHOICES.keys()
