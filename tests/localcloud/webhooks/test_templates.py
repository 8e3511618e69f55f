"""The language of templates: a table written from mustache(5), and the same answers as another implementation gives."""

from __future__ import annotations

from typing import Any

import pystache
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photonrig.errors import UsageError
from photonrig.localcloud.webhooks.templates import check_template, parse_json, render, variables_of

DATA: dict[str, Any] = {
    "name": "Küche <1>",
    "n": 3,
    "off": False,
    "none": None,
    "list": [{"x": "a"}, {"x": "b"}],
    "words": ["one", "two"],
    "empty": [],
    "deep": {"er": {"x": "z"}},
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("no tag", "no tag"),
        ("{{name}}", "Küche &lt;1&gt;"),
        ("{{{name}}} {{&name}}", "Küche <1> Küche <1>"),
        ("{{ n }}|{{unknown}}|{{none}}", "3||"),
        ("{{deep.er.x}}{{deep.nothing.x}}", "z"),
        ("{{#list}}{{x}},{{/list}}", "a,b,"),
        ("{{#words}}<{{.}}>{{/words}}", "<one><two>"),
        ("{{#empty}}x{{/empty}}{{^empty}}none{{/empty}}", "none"),
        ("{{#off}}x{{/off}}{{^off}}y{{/off}}", "y"),
        ("{{^unknown}}y{{/unknown}}{{#unknown}}x{{/unknown}}", "y"),
        ("{{#deep}}{{#er}}{{x}}{{n}}{{/er}}{{/deep}}", "z3"),  # an outer name is seen from within
        ("{{#list}}{{name}};{{/list}}", "Küche &lt;1&gt;;" * 2),
        ("a{{! a comment }}b{{> partial}}c", "abc"),
        ("a\n{{#list}}\n- {{x}}\n{{/list}}\nb", "a\n- a\n- b\nb"),  # section tags alone on their lines leave none
        ("a\r\n  {{! alone }}  \r\nb", "a\r\nb"),
        ("a {{! not alone }}\nb", "a \nb"),
        ("{{unclosed", "{{unclosed"),
    ],
)
def test_what_a_template_becomes(template: str, expected: str) -> None:
    assert render(template, DATA) == expected


# Values that both write alike: how lists, objects and booleans look as text is a choice of each.
NAMES = st.sampled_from(["name", "n", "deep.er.x", "x", "unknown"])
TEXT = st.sampled_from(["a", " ", "\n", "- ", "<&>", "}"])
TAGS = st.builds("{{{{{}}}}}".format, st.one_of(NAMES, NAMES.map("&{}".format), st.just("! note "))) | NAMES.map(
    lambda name: "{{{" + name + "}}}"
)


def _section(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = st.sampled_from(["yes", "off", "list", "deep", "unknown"])
    return st.builds(
        lambda sign, name, within: "{{" + sign + name + "}}" + within + "{{/" + name + "}}",
        *(st.sampled_from("#^"), names, st.lists(inner, max_size=4).map("".join)),
    )


TEMPLATES = st.lists(st.recursive(TEXT | TAGS, _section, max_leaves=8), max_size=8).map("".join)
VALUES = {"name": "Küche <1>", "n": 3, "yes": True, "off": False, "x": "out", "deep": {"er": {"x": "z"}}}
VALUES |= {"list": [{"x": "a"}, {"y": "b"}]}


@given(TEMPLATES)
def test_it_is_what_another_implementation_makes_of_it(template: str) -> None:
    judge = pystache.Renderer(partials={}, missing_tags="ignore")
    assert render(template, VALUES) == judge.render(template, VALUES)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{a.aa}}", "testing"),
        ("{{a.ab}}", "1234"),
        ("{{{c.0.ca}}} {{c.1.cb}} [{{c.2.cb}}]", "first 456 []"),
        ("{{#b}}{{b}}{{/b}}{{^b}}Missing{{/b}}", "xxx"),
        ("{{#z}}{{z}}{{/z}}{{^z}}Missing{{/z}}", "Missing"),
        ("{{#c}}{{{ca}}}~{{/c}}", "first~second~"),
        ("{{#e}}never{{/e}}{{^e}}empty{{/e}}", "empty"),
        ("{{t}} {{f}} {{n}} {{w}} {{{a}}}", "true false  2 [object Object]"),
        ("[{{l}}] [{{e}}]", "[123,456,789,,a,b] []"),  # staff's tutorial: rickkas7/particle-webhooks
        ("{{q}} {{{q}}}", "&lt;&amp;&gt;&quot;&#39; <&>\"'"),
        ("{{c.__class__}}{{c.entries}}{{b.upper}}{{a.keys}}{{> ../../etc/passwd}}", ""),
        ("no variable", "no variable"),
    ],
)
def test_templates(template: str, text: str) -> None:
    data = {
        "a": {"aa": "testing", "ab": 1234},
        "b": "xxx",
        "c": [{"ca": "first", "cb": 123}, {"ca": "second", "cb": 456}],
        "e": [],
        "t": True,
        "f": False,
        "n": None,
        "w": 2.0,
        "q": "<&>\"'",
        "l": [123, 456, [789, None, ["a", "b"]]],
    }
    check_template("body", template)
    assert render(template, variables_of(data)) == text


@given(st.text(alphabet="{}#/^> .ab&!", max_size=40), st.recursive(st.none() | st.text() | st.integers(), st.lists))
def test_whatever_is_accepted_as_a_template_can_be_rendered(template: str, data: Any) -> None:
    try:
        check_template("body", template)
    except UsageError:
        return
    assert isinstance(render(template, variables_of({"a": data, "b": [data]})), str)


def test_only_json_gives_variables() -> None:
    assert variables_of(parse_json("just text")) == {}
    assert variables_of(parse_json(None)) == {}
    assert variables_of(parse_json("5")) == {}
    assert variables_of(parse_json("[1]")) == {"0": 1}
