import pytest
from bathy.agent.loop.outbound import Outbound
from bathy.agent.model.messages import Image, Message, Role
from bathy.tools.redact import redact
from hypothesis import given, settings
from hypothesis import strategies as st

# Put together here, so that no scanner takes this file for a leak.
TOKEN = "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
MARK = "[redacted: github token]"
TEXTS = st.lists(st.sampled_from([TOKEN, MARK, "x = 1\n", "é", " "]), max_size=8).map("".join)


@pytest.mark.parametrize("role", ["user", "tool"])
def test_a_secret_is_taken_out_and_counted(role: Role) -> None:
    gate = Outbound(redacted=2)
    message = Message(
        role, f"Is {TOKEN} safe?", tool_call_id="c", images=(Image("image/png", "QQ=="),)
    )
    sealed = gate.seal(message)
    assert sealed == Message(role, f"Is {MARK} safe?", tool_call_id="c", images=message.images)
    assert gate.redacted == 3


def test_what_holds_none_is_the_same_object() -> None:
    gate, message = Outbound(), Message("user", "Why?")
    assert gate.seal(message) is message
    assert gate.redacted == 0


def test_marks_that_files_bring_along_are_counted() -> None:
    gate = Outbound()
    gate.seal(Message("tool", f"1\tTOKEN={MARK}\n2\tOTHER={MARK}\n", tool_call_id="c"))
    assert gate.redacted == 2


def test_a_text_that_passes_again_is_not_counted_again() -> None:
    gate = Outbound()
    once = gate.seal(Message("user", TOKEN))
    assert gate.seal(once) is once
    assert gate.redacted == 1
    gate.seal(Message("user", f"{TOKEN} and so on"))
    assert gate.redacted == 2


def test_what_is_sealed_already_is_not_searched() -> None:
    base = f"<file>\n1\t{TOKEN}\n</file>\n"
    gate = Outbound(sealed=[base])
    message = Message("user", base)
    assert gate.seal(message) is message
    assert gate.seal(Message("user", base + " ")).content.count(TOKEN) == 0


@pytest.mark.parametrize("role", ["system", "assistant"])
def test_what_never_holds_text_of_the_repository_passes(role: Role) -> None:
    gate, message = Outbound(), Message(role, TOKEN)
    assert gate.seal(message) is message


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=5))
def test_nothing_gets_out_and_lines_stay(texts: list[str]) -> None:
    gate = Outbound()
    sealed = [gate.seal(Message("user", text)).content for text in texts]
    assert sealed == [redact(text).text for text in texts]
    assert [s.count("\n") for s in sealed] == [t.count("\n") for t in texts]
    assert gate.redacted == sum(s.count(MARK) for s in set(sealed))
