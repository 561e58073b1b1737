import json
import string
from collections.abc import Mapping

import pytest
from bathy.agent.model.arguments import MOST_BYTES, ArgumentsError, repair_arguments
from hypothesis import given, settings
from hypothesis import strategies as st

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "description": "d"},
        "lines": {"type": "integer"},
        "word": {"type": "boolean"},
        "globs": {"type": "array", "items": {"type": "string"}},
        "numbers": {"type": "array", "items": {"type": "integer"}},
        "order": {"type": "string", "enum": ["up", "down"]},
    },
    "required": ["path"],
    "additionalProperties": False,
}
NOTHING_REQUIRED = {**SCHEMA, "required": []}


def refusal(arguments: str, schema: Mapping[str, object] = SCHEMA) -> ArgumentsError:
    with pytest.raises(ArgumentsError) as caught:
        repair_arguments(arguments, schema)
    return caught.value


def test_right_arguments_come_back_as_they_were() -> None:
    text = '{"lines": 3, "path": "é", "word": false, "globs": ["a", ""], "order": "up"}'
    repaired = repair_arguments(text, SCHEMA)
    assert repaired.text == text
    assert list(repaired.value) == ["lines", "path", "word", "globs", "order"]
    assert repaired.repairs == ()
    assert repair_arguments("{}", NOTHING_REQUIRED).value == {}


@pytest.mark.parametrize(
    ("text", "value", "repair"),
    [
        ('{"path": "a\n\tb"}', {"path": "a\n\tb"}, "control characters"),
        ('{"path": "a,]", "globs": ["x",\n],}', {"path": "a,]", "globs": ["x"]}, "trailing commas"),
        ('{"path": "a"}}', {"path": "a"}, "surplus brackets"),
        ('{"path": "a"} ]\n}', {"path": "a"}, "surplus brackets"),
        ('{"path": "a", "path": "b"}', {"path": "b"}, "duplicate keys"),
        ('{"arguments": {"path": "a"}}', {"path": "a"}, "wrapped arguments"),
        ('{"input": {"path": "a"}}', {"path": "a"}, "wrapped arguments"),
        ('{"parameters": {"path": "a"}}', {"path": "a"}, "wrapped arguments"),
        ('{"arguments": "{\\"path\\": \\"a\\"}"}', {"path": "a"}, "wrapped arguments"),
        ('{"arguments": {"input": {"path": "a"}}}', {"path": "a"}, "wrapped arguments"),
        ('{"arguments": "a b"}', {"path": "a b"}, "wrapped arguments"),
        ('"a b"', {"path": "a b"}, "wrapped arguments"),
        ('"{\\"path\\": \\"a\\"}"', {"path": "a"}, "wrapped arguments"),
        ('{"path": "a", "lines": "12"}', {"path": "a", "lines": 12}, "a string for integer"),
        ('{"path": "a", "lines": 12.0}', {"path": "a", "lines": 12}, "a number for integer"),
        ('{"path": "a", "word": "true"}', {"path": "a", "word": True}, "a string for boolean"),
        ('{"path": 404}', {"path": "404"}, "a number for string"),
        ('{"path": "", "numbers": "[1, 2]"}', {"path": "", "numbers": [1, 2]}, "a string for array"),
        ('{"path": "a", "numbers": 7}', {"path": "a", "numbers": [7]}, "a number for array"),
        ('{"path": "a", "numbers": ["7"]}', {"path": "a", "numbers": [7]}, "an array for array"),
        ('{"path": "a", "globs": "*.py"}', {"path": "a", "globs": ["*.py"]}, "a string for array"),
        ('{"path": "a", "globs": "[ab].c"}', {"path": "a", "globs": ["[ab].c"]}, "a string for array"),
        ('{"path": "", "lines": null, "word": {}}', {"path": ""}, "placeholders"),
        ('{"path": "a", "order": "", "globs": []}', {"path": "a"}, "placeholders"),
        ('{"path": "a\\ud800"}', {"path": "a\ufffd"}, "broken characters"),
    ],
)  # fmt: skip
def test_what_is_plainly_meant_is_mended(text: str, value: object, repair: str) -> None:
    repaired = repair_arguments(text, SCHEMA)
    assert repaired.value == value
    assert [type(item) for item in repaired.value.values()] == [
        type(item) for item in json.loads(repaired.text).values()
    ]
    assert json.loads(repaired.text) == value
    assert repaired.repairs == (repair,)


def test_several_mends_are_all_named_once() -> None:
    repaired = repair_arguments(
        '{"arguments": {"path": "a", "lines": "1", "word": null, "order": null,}}', SCHEMA
    )
    assert repaired.value == {"path": "a", "lines": 1}
    assert repaired.repairs == (
        "trailing commas",
        "wrapped arguments",
        "a string for integer",
        "placeholders",
    )


def test_a_parameter_that_is_named_like_a_wrapper_is_none() -> None:
    schema = {
        "properties": {"input": {"type": "string"}, "x": {"type": "string"}},
        "required": ["input"],
    }
    assert repair_arguments('{"input": "{}"}', schema).value == {"input": "{}"}
    assert repair_arguments('{"arguments": "a"}', schema).value == {"input": "a"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "path is missing"),
        ('{"path": null}', "path must be string, not null"),
        ('{"path": ["a"]}', "path must be string, not an array"),
        ('{"path": true}', "path must be string, not true"),
        ('{"path": "a", "lines": "many"}', 'lines must be integer, not "many"'),
        ('{"path": "a", "lines": 1.5}', "lines must be integer, not 1.5"),
        ('{"path": "a", "lines": true}', "lines must be integer, not true"),
        ('{"path": "a", "lines": 1e999}', "lines must be integer, not Infinity"),
        ('{"path": "a", "word": 1}', "word must be boolean, not 1"),
        ('{"path": "a", "globs": {"a": 1}}', "globs must be array of string, not an object"),
        ('{"path": "a", "globs": ["a", null]}', "globs must be array of string, not an array"),
        ('{"path": "a", "order": "left"}', 'order must be one of "up", "down", not "left"'),
        ('{"path": "a", "pth": 1, "\\ud800": 2}', 'there is no parameter "pth"; there is no'),
        ('{"path": "a", "lines": NaN}', "NaN is no number"),
        ('{"path": "a", "lines": -Infinity}', "-Infinity is no number"),
        ('{"path": "a", "lines": ' + "1" * 5000 + "}", "digits"),
        ('{"path": "a", "globs": [1,}', "unexpected }"),
        ('{"path": "\\d"}', "escape"),
        ('{"path": "a"} and so on', "Extra data"),
        ('{"path": "a"}{"path": "b"}', "Extra data"),
        ("path=a", "no valid JSON"),
        ("[1]", "must be a JSON object, not an array"),
        ("12", "must be a JSON object, not a number"),
        ("null", "must be a JSON object, not null"),
        ('{"arguments": [1]}', 'there is no parameter "arguments"'),
        ("]", "no valid JSON"),
    ],
)
def test_what_cannot_be_mended_is_told(text: str, told: str) -> None:
    error = refusal(text)
    assert told in str(error)
    assert "The parameters are path (string, required), lines (integer), " in str(error)
    assert "order (one of " in str(error)
    assert not error.truncated
    str(error).encode()


def test_a_string_stands_for_no_parameter_where_several_or_none_are_required() -> None:
    for required in ([], ["path", "lines"]):
        error = refusal('"a"', {**SCHEMA, "required": required})
        assert "must be a JSON object, not a string" in str(error)


def test_a_tool_without_parameters_says_so() -> None:
    assert "There are no parameters" in str(refusal('{"a": 1}', {"type": "object"}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "{",
        '{"path": "a',
        '{"path": "a\\',
        '{"path": "a"',
        '{"path": "a",',
        '"a',
        "[1, 2",
        '{"path": "say "hi"}',
        '{"arguments": "{\\"path\\": \\"a"}',
        '{"a": [1, {"b": "]}"}',
    ],
)
def test_what_was_cut_off_is_never_completed(text: str) -> None:
    error = refusal(text, NOTHING_REQUIRED)
    assert error.truncated
    assert "cut off" in str(error)


def test_hostile_arguments_are_refused() -> None:
    deep = '{"path": ' + "[" * 100_000
    assert refusal(deep).truncated
    assert "too deeply" in str(refusal(deep + "]" * 100_000 + "}"))
    assert "MiB" in str(refusal('{"path": "' + "é" * (MOST_BYTES // 2) + '"}'))
    assert refusal('{} "' + '\\"' * 200_000).truncated is False
    assert refusal('{"path": "' + '\\"' * 200_000).truncated
    assert refusal('{"path": "a"' + "," * 200_000 + "}").truncated is False
    assert len(str(refusal(json.dumps({"x" * 9000: 1})))) < 500


def test_a_long_string_is_taken() -> None:
    text = json.dumps({"path": '"\\\n' * 50_000})
    assert repair_arguments(text, SCHEMA).text == text


NAMES = st.text(string.ascii_lowercase + "_", min_size=1, max_size=8)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = {
    "string": TEXT.filter(bool),
    "integer": st.integers(-(10**20), 10**20),
    "boolean": st.booleans(),
    "array": st.lists(TEXT, min_size=1, max_size=3),
}


@st.composite
def schemas_and_values(
    draw: st.DrawFn,
) -> tuple[dict[str, object], dict[str, object]]:
    kinds = draw(st.dictionaries(NAMES, st.sampled_from(sorted(VALUES)), max_size=5))
    value = {name: draw(VALUES[kind]) for name, kind in kinds.items() if draw(st.booleans())}
    required = [name for name in value if draw(st.booleans())]
    properties = {name: {"type": kind} for name, kind in kinds.items()}
    return {"type": "object", "properties": properties, "required": required}, value


@settings(deadline=None)
@given(case=schemas_and_values(), indent=st.sampled_from([None, 0, 2]))
def test_arguments_that_fit_are_not_changed(
    case: tuple[dict[str, object], dict[str, object]], indent: int | None
) -> None:
    schema, value = case
    repaired = repair_arguments(json.dumps(value, ensure_ascii=False, indent=indent), schema)
    assert repaired.text == json.dumps(value, ensure_ascii=False)
    assert repaired.value == value
    assert repaired.repairs == ()
    assert repair_arguments(repaired.text, schema) == repaired


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXT | st.sampled_from(["arguments", "path"]), JSON, max_size=3)


@settings(deadline=None)
@given(value=OBJECTS, is_ascii=st.booleans())
def test_every_beginning_of_an_object_is_cut_off(value: dict[str, object], is_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii)
    for end in range(len(text)):
        assert refusal(text[:end], NOTHING_REQUIRED).truncated


@settings(deadline=None)
@given(text=st.text(st.sampled_from('{}[]",:\\ \n1aetrue')) | OBJECTS.map(json.dumps))
def test_any_text_is_refused_or_fits(text: str) -> None:
    try:
        repaired = repair_arguments(text, SCHEMA)
    except ArgumentsError:
        return
    assert isinstance(repaired.value["path"], str)
    assert repair_arguments(repaired.text, SCHEMA).text == repaired.text
