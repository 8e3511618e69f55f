"""Paging of long lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

import msgspec

from photonrig.localcloud.http.fields import Fields, says

_Entry = TypeVar("_Entry")
_PAGE_SIZE, _LARGEST_PAGE = 25, 1000

Number = Annotated[int, says("page and per_page must be numbers from 1", ge=1)]
"""Page number or page size."""


class Page(Fields):
    """Page and page size; the size has two spellings."""

    page: Number = 1
    per_page_today: Number | None = msgspec.field(name="perPage", default=None)
    per_page: Number | None = None
    page_size: Number | None = None


def paged(page: Page, entries: Sequence[_Entry], size: int | None = None) -> tuple[Sequence[_Entry], int]:
    """The requested page, and the number of pages; ``size`` is a further field for the page size."""
    asked = size or page.per_page_today or page.per_page or page.page_size or _PAGE_SIZE
    length, first = min(asked, _LARGEST_PAGE), page.page - 1
    return entries[first * length : (first + 1) * length], max(1, -(-len(entries) // length))
