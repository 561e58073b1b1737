"""Files of the repository on screen: viewer, citations, finder, the user's editor, links."""

from collections.abc import Sequence

from bathy.agent.errors import BathyError
from bathy.agent.modes.tui import drawing
from bathy.agent.modes.tui.asking.browser import open_in_browser
from bathy.agent.modes.tui.asking.find_file import FindFile
from bathy.agent.modes.tui.asking.open_link import Answer, OpenLink
from bathy.agent.modes.tui.input.complete import Finder
from bathy.agent.modes.tui.input.editor import EditorError, open_at_line
from bathy.agent.modes.tui.panels.side import SidePanel
from bathy.agent.modes.tui.reading import read_file
from bathy.agent.modes.tui.shell import Shell
from bathy.agent.modes.tui.transcript.messages import CitationChosen, CopyWanted, LinkChosen
from bathy.agent.modes.tui.viewer.messages import CopyText, OpenInEditor, OpenInViewer
from bathy.agent.modes.tui.viewer.screen import ViewerScreen
from bathy.tools.workspace import quote_path
from textual import on, work


class Showing(Shell):
    """Shows files, and opens what is asked for."""

    finder: Finder | None = None

    def know_files(self, paths: tuple[str, ...]) -> None:
        """Offer files for completion, and tell those that are cited apart."""
        self.transcript.know_files(paths)
        self._find_files(paths)

    @work(thread=True, exclusive=True, group="files")
    def _find_files(self, paths: tuple[str, ...]) -> None:
        """Made in a thread, since there may be very many."""
        self.call_from_thread(self._found_files, Finder(paths))

    def _found_files(self, finder: Finder) -> None:
        self.finder = finder
        self.composer.know_files(finder)

    def show_file(self, path: str, start: int = 0, end: int = 0) -> None:
        """Show a file in the viewer, with some lines marked; 0 for none."""
        if self.opened is None:
            self.warn("the repository is not open yet")
            return
        try:
            data = read_file(path, self.opened, self.settings.rev)
        except BathyError as error:
            self.warn(str(error))
            return
        lines = drawing.lines_of(path, data)
        self._push(path, lines, (start, end) if start else None)

    def _push(self, path: str, lines: Sequence[str], span: tuple[int, int] | None) -> None:
        self.push_screen(
            ViewerScreen(path, lines, span, is_ascii=self.look.is_ascii, keymap=self.keymap)
        )

    def action_viewer(self) -> None:
        """Find a file by its name, and show it."""
        if self.is_open(FindFile):
            return
        if self.finder is None:
            self.warn("the repository is not open yet")
            return
        asked = FindFile(self.finder, is_ascii=self.look.is_ascii, keymap=self.keymap)
        self.push_screen(asked, lambda path: self.show_file(path) if path else None)

    def action_citation(self, number: int) -> None:
        """Show the place of a citation of the last answer."""
        self.transcript.flush()  # what has come since it was drawn last counts as well
        if not self.transcript.choose_citation(number):
            self.warn(f"nothing is cited as {number}")

    def action_link(self) -> None:
        """Show where the links of an answer lead, and open one of them if that is wanted."""
        self.transcript.flush()
        if not self.transcript.choose_link():
            self.warn("the answer has no web links")

    @on(CitationChosen)
    def _cited(self, event: CitationChosen) -> None:
        self.show_file(event.path, event.start, event.end)

    @on(SidePanel.Chosen)
    def _chosen(self, event: SidePanel.Chosen) -> None:
        for cited in self.state.cited:
            if cited.number == event.number:
                self.show_file(cited.path, cited.start_line, cited.end_line)

    @on(OpenInViewer)
    def _open(self, event: OpenInViewer) -> None:
        self._push(event.path, event.lines, (event.start_line, event.end_line))

    @on(OpenInEditor)
    def _edit(self, event: OpenInEditor) -> None:
        """Open a file in the user's editor, if it is one of the repository."""
        if self.opened is None:
            return
        try:
            read_file(event.path, self.opened, rev=None)
            open_at_line(self, self.opened.root / event.path, event.line)
        except (BathyError, EditorError) as error:
            self.warn(f"{quote_path(event.path)}: {error}")

    @on(CopyWanted)
    @on(CopyText)
    def _copied(self, event: CopyWanted | CopyText) -> None:
        self.copy_to_clipboard(event.text)

    @on(LinkChosen)
    def _link(self, event: LinkChosen) -> None:
        if self.is_open(OpenLink):
            return
        asked = OpenLink(
            event.urls, self.clock, event.at, keymap=self.keymap, is_ascii=self.look.is_ascii
        )
        self.push_screen(asked, self._follow)

    def _follow(self, chosen: tuple[Answer, str] | None) -> None:
        how, url = chosen or ("", "")
        if how == "open":
            self._open_outside(url)
        elif how == "copy":
            self.copy_to_clipboard(url)

    @work(thread=True, group="link")
    def _open_outside(self, url: str) -> None:
        if not open_in_browser(url):
            self.call_from_thread(self.warn, "no browser could be started; c copies the address")
