import pytest
from bathy.agent.modes.triage.finding.forms import MAX_CHARS, load_yaml
from bathy.agent.modes.triage.finding.templates import Field, parts_of, read_templates
from hypothesis import given
from hypothesis import strategies as st

FORM = """\
name: Bug report
description: Tell us
labels: [bug, "needs: triage"]
body:
  - type: markdown
    attributes: {value: Thanks!}
  - type: checkboxes
    attributes:
      label: Search before asking
      options:
        - {label: I searched, required: true}
  - type: textarea
    id: steps
    attributes:
      label: How to reproduce
      description: What should we do to see it?
      placeholder: |
        1. open ...
        2. click ...
    validations: {required: true}
  - type: input
    attributes: {label: Version, placeholder: e.g. 1.2.3}
  - type: dropdown
    attributes: {label: System, options: [Linux, Windows]}
    validations: {required: false}
"""
MARKDOWN = """\
---
name: Bug report
about: Something is wrong
labels: "bug, needs triage"
---

<!-- Thanks for helping. -->

**Describe the bug**
A clear and concise description of what the bug is.

## Steps to reproduce
<!-- Smallest code that shows it? -->

```python
# not a heading
import shop
```

Environment:

- OS: [e.g. iOS]
 - **Shop Version [e.g. 1.7.0]**
- [ ] I read the manual
"""


def test_a_form_gives_its_fields() -> None:
    (found,) = read_templates({".github/ISSUE_TEMPLATE/bug.yml": FORM})
    assert (found.name, found.labels) == ("Bug report", ("bug", "needs: triage"))
    assert found.source == ".github/ISSUE_TEMPLATE/bug.yml"
    assert found.fields == (
        Field("Search before asking", "", True, (), "checkboxes"),
        Field(
            "How to reproduce",
            "What should we do to see it?",
            True,
            ("1. open ...", "2. click ..."),
            "textarea",
        ),
        Field("Version", "", False, ("e.g. 1.2.3",), "input"),
        Field("System", "", False, (), "dropdown"),
    )


def test_a_markdown_template_gives_headings_and_keys() -> None:
    (found,) = read_templates({"ISSUE_TEMPLATE.md": MARKDOWN})
    assert (found.name, found.labels) == ("Bug report", ("bug", "needs triage"))
    assert found.comments == ("Thanks for helping.", "Smallest code that shows it?")
    assert [(field.name, field.kind) for field in found.fields] == [
        ("Describe the bug", "heading"),
        ("Steps to reproduce", "heading"),
        ("Environment", "heading"),
        ("OS", "line"),
        ("Shop Version", "line"),
    ]
    describe, steps, _, system, version = found.fields
    assert describe.filler == ("A clear and concise description of what the bug is.",)
    assert steps.question == "Smallest code that shows it?"
    assert "import shop" in steps.filler
    assert system.filler == ("[e.g. iOS]",)
    assert version.filler == ("[e.g. 1.7.0]",)


@pytest.mark.parametrize(
    ("path", "is_read"),
    [
        (".github/ISSUE_TEMPLATE/bug.md", True),
        (".GitHub/issue_template/BUG.MD", True),
        (".github/issue_template.md", True),
        ("ISSUE_TEMPLATE.md", True),
        ("docs/Issue_Template.md", True),
        (".github/ISSUE_TEMPLATE/config.yml", False),
        (".github/ISSUE_TEMPLATE/config.yaml", False),
        (".github/ISSUE_TEMPLATE/old/bug.md", False),
        ("vendor/.github/ISSUE_TEMPLATE/bug.md", False),
        ("src/ISSUE_TEMPLATE.md", False),
        (".github/PULL_REQUEST_TEMPLATE.md", False),
        (".github/ISSUE_TEMPLATE/bug.txt", False),
    ],
)
def test_templates_stand_where_github_looks_for_them(path: str, is_read: bool) -> None:
    assert bool(read_templates({path: "# Version\n"})) is is_read


def test_templates_come_by_path() -> None:
    files = {f".github/ISSUE_TEMPLATE/{name}.md": "# A\n" for name in ("b", "c", "a")}
    assert [t.source[-4] for t in read_templates(files)] == ["a", "b", "c"]
    assert read_templates({}) == ()


HOSTILE = {
    "aliases": "a: &a [x, x]\nbody: [*a, *a]\n",
    "merged aliases": "a: &a {b: 1}\nbody:\n  - <<: [*a, *a]\n",
    "endless": "body: &b [*b]\n",
    "deep": "body: " + "[" * 50_000,
    "deep maps": "body: " + "{a: " * 10_000,
    "object": "name: !!python/object/apply:os.getcwd []\nbody: []\n",
    "date": "name: 2024-99-99\nbody: []\n",
    "digits": "name: " + "9" * 50_000 + "\nbody: []\n",
    "no list": "name: x\nbody: {a: b}\n",
    "no map": "- a\n- b\n",
    "odd key": "? [a]\n: b\nbody: []\n",
    "broken": "body: [\n",
    "nothing": "",
    "control": "name: \0\nbody: []\n",
    "long": "body: []\n" + "# x\n" * 500_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_forms_are_left_out(text: str) -> None:
    assert read_templates({".github/ISSUE_TEMPLATE/x.yml": text}) == ()


def test_wrong_types_in_a_form_are_passed_over() -> None:
    text = """\
name: [no, name]
labels: [bug, {a: b}, 7, ""]
body:
  - null
  - 3
  - {type: [input], attributes: {label: x}}
  - {type: input, attributes: x}
  - {type: input, attributes: {label: {a: b}}}
  - {type: input, attributes: {label: Kept, description: [x], placeholder: 4}, validations: [x]}
  - {type: checkboxes, attributes: {label: Boxes, options: {a: b}}}
"""
    (found,) = read_templates({".github/ISSUE_TEMPLATE/x.yaml": text})
    assert (found.name, found.labels) == ("", ("bug", "7"))
    assert [field.name for field in found.fields] == ["Kept", "Boxes"]
    assert not any(field.is_required or field.filler for field in found.fields)


def test_numbers_of_any_size_are_no_trouble() -> None:
    sexagesimal = ":".join(["59"] * 20_000)
    (found,) = read_templates({".github/ISSUE_TEMPLATE/x.yml": f"name: {sexagesimal}\nbody: []\n"})
    assert found.name == ""


def test_a_broken_head_leaves_the_markdown() -> None:
    (found,) = read_templates({"ISSUE_TEMPLATE.md": "---\nname: &a [*a]\n---\n# Version\n"})
    assert found.name == ""
    assert [field.name for field in found.fields] == ["Version"]


def test_long_templates_are_left_out() -> None:
    assert read_templates({"ISSUE_TEMPLATE.md": "# A\n" * MAX_CHARS}) == ()


def test_code_and_comments_hold_no_headings() -> None:
    text = "Before\n```\n# code\n```\n<!--\n# hidden\n-->\n# Real\nText\n"
    assert [part.name for part in parts_of(text)] == ["", "Real"]
    assert parts_of(text)[1].lines == ("Text",)


@given(st.text(alphabet=st.sampled_from("#*-:`<!>[] \nabc~_"), max_size=200))
def test_any_markdown_is_cut_without_loss_of_its_parts(text: str) -> None:
    parts = parts_of(text)
    assert parts[0].name == ""
    assert all(line in text for part in parts for line in part.lines if part.kind == "heading")
    read_templates({"ISSUE_TEMPLATE.md": text})


@given(st.text(max_size=300))
def test_any_yaml_is_read_or_left_out(text: str) -> None:
    load_yaml(text)
    for template in read_templates({".github/ISSUE_TEMPLATE/x.yml": text}):
        assert len(template.name) <= 100


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["body", "attributes", "label", "type", "options", "validations"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_any_values_in_a_form_do_no_harm(value: object) -> None:
    import json

    text = json.dumps(
        {"name": value, "labels": value, "body": [value, {"type": "input", "attributes": value}]}
    )
    for template in read_templates({".github/ISSUE_TEMPLATE/x.yml": text}):
        assert all(field.name for field in template.fields)
