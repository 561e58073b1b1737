"""One row to type into."""

from textual.widgets import Input


class Line(Input):
    """Textual's field, one row high in every look; enter is left to what is around it."""

    def __init__(self, placeholder: str = "") -> None:
        super().__init__(placeholder=placeholder, compact=True, select_on_focus=False)
        self.cursor_blink = False  # a timer that never rests
        # Looks of ASCII draw a frame around every field.
        self.styles.border = ("none", "black")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave enter alone."""
        return False if action == "submit" else super().check_action(action, parameters)
