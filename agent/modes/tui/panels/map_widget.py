"""The colours of treemaps, from the theme, for every widget that draws one."""

from bathy.agent.modes.tui.panels.treemap_lines import ROLES
from rich.style import Style
from textual.widget import Widget


class MapWidget(Widget):
    """A widget with a style for each role of a treemap."""

    COMPONENT_CLASSES = {f"map--{role}" for role in ROLES}  # noqa: RUF012 - as Textual has it

    DEFAULT_CSS = """
    MapWidget {
        & > .map--source { color: $text-primary; background: $primary-muted; }
        & > .map--test { color: $text-success; background: $success-muted; }
        & > .map--documentation { color: $text-warning; background: $warning-muted; }
        & > .map--configuration { color: $text-accent; background: $accent-muted; }
        & > .map--data { color: $foreground; background: $foreground 15%; }
        & > .map--list { color: $foreground 60%; }
        & > .map--overlay { color: $text-error; background: $error-muted; }
        & > .map--more { color: $foreground; }
        & > .map--border { color: $foreground 50%; }
        & > .map--frame { color: $foreground; text-style: bold; }
        & > .map--selected { color: $foreground; text-style: bold reverse; }
        & > .map--title { color: $foreground; text-style: bold; }
    }
    """

    def map_styles(self) -> dict[str, Style]:
        """Return the styles by role."""
        return {role: self.get_component_rich_style(f"map--{role}") for role in ROLES}
