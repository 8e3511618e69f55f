"""The application page handler as ARM code: the same tests that the native one passes."""

from __future__ import annotations

import pytest

from ..conftest import Photon
from ..test_application_pages import (
    PAGES,
    test_a_chunked_body_reaches_the_handler_whole,
    test_a_handler_that_never_answers_leaves_an_empty_chunked_body,
    test_a_request_of_a_known_other_type_does_not_reach_the_handler,
    test_body_writes_and_extra_headers,
    test_everything_that_is_no_command_goes_to_the_handler_with_its_query,
    test_status_lines,
    test_the_firmware_names_the_access_point,
)
from .conftest import Compile

__all__ = [
    "test_a_chunked_body_reaches_the_handler_whole",
    "test_a_handler_that_never_answers_leaves_an_empty_chunked_body",
    "test_a_request_of_a_known_other_type_does_not_reach_the_handler",
    "test_body_writes_and_extra_headers",
    "test_everything_that_is_no_command_goes_to_the_handler_with_its_query",
    "test_status_lines",
    "test_the_firmware_names_the_access_point",
]


@pytest.fixture
def pages(photon: Photon, sketch: Compile) -> Photon:
    return photon.start("--listening", "--firmware", str(sketch(PAGES).module))
