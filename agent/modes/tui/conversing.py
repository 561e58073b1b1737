"""Questions and slash commands: what the user says, and what is done about it."""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from bathy.agent.config import EFFORTS
from bathy.agent.errors import BathyError
from bathy.agent.loop.sessions import sessions_folder
from bathy.agent.modes.places import repo_root
from bathy.agent.modes.tui import drawing, mouse
from bathy.agent.modes.tui.commands import COMMANDS
from bathy.agent.modes.tui.going_on import GoingOn
from bathy.agent.modes.tui.help.screen import HelpScreen
from bathy.agent.modes.tui.input.composer import Composer
from bathy.agent.modes.tui.input.history import history_path
from bathy.agent.modes.tui.input.keeper import Keeper
from bathy.agent.modes.tui.sessions.replay import PastTurn
from bathy.agent.modes.tui.transcript.messages import RetryWanted
from bathy.tools.redact import redact
from textual import on, work


class Conversing(GoingOn):
    """Asks, and obeys commands."""

    takes_mouse = True
    _keeper: Keeper | None = None
    _is_unkept_told = False
    _writing: Composer

    # What is written, and not sent.

    def on_mount(self) -> None:
        """Take up what another process has left, unless a session is gone on with."""
        self._writing = self.composer
        if not self.settings.keep_session:
            return
        from platformdirs import user_state_path

        folder = user_state_path("bathy", appauthor=False) / "drafts"
        repository = history_path(folder, repo_root(self.settings.folder)).stem
        self._keeper = Keeper(folder, repository, lambda text: redact(text, "").text)
        if self.engine.session is None:
            self._take_up(self._keeper, None)

    def _loaded(self, path: Path, turns: tuple[PastTurn, ...] | None) -> None:
        super()._loaded(path, turns)
        if self._keeper is not None and turns is not None:
            self._take_up(self._keeper, path)

    def _take_up(self, keeper: Keeper, log: Path | None) -> None:
        if draft := keeper.found(log):
            if told := self.composer.restore(draft):
                self.say(told)
            self._drafted(Composer.Drafted(self.composer.draft))

    def on_unmount(self) -> None:
        """Keep what was written since it was told last."""
        if self._keeper is not None:
            # Nobody is there any more to be told that the disk refuses.
            with contextlib.suppress(OSError):
                self._keeper.want(self._writing.draft, self._kept_beside)
                self._keeper.keep()
            self._keeper.close()

    @property
    def _kept_beside(self) -> Path | None:
        session = self.state.session_id
        return sessions_folder() / f"{session}.jsonl" if session else None

    @on(Composer.Drafted)
    def _drafted(self, event: Composer.Drafted) -> None:
        if self._keeper is not None:
            self._keeper.want(event.draft, self._kept_beside)
            self._keep_draft(self._keeper)

    @work(thread=True, group="draft")
    def _keep_draft(self, keeper: Keeper) -> None:
        try:
            keeper.keep()
        except OSError as error:
            # Once, until it is kept again: it is tried anew with the next change.
            if not self._is_unkept_told:
                told = f"what is written is not kept: {error.strerror}"
                self.call_from_thread(self.composer.notice, told)
            self._is_unkept_told = True
        else:
            self._is_unkept_told = False

    # Questions.

    @on(Composer.Sent)
    def _ask(self, event: Composer.Sent) -> None:
        self.pending.ask()
        self.composer.busy = True
        self.engine.ask(event.text, event.images, self.note)

    @on(Composer.Queued)
    def _queued(self) -> None:
        self.pending.may_go_on = True

    @on(Composer.StopRequested)
    def _stop(self) -> None:
        self.engine.stop()

    @on(Composer.Hurried)
    def _hurry(self) -> None:
        self.engine.hurry()

    @on(RetryWanted)
    def _retry(self) -> None:
        """Wait no longer, or ask the question that failed again."""
        if self.state.phase == "retrying":
            self.engine.hurry()
        elif self.state.may_retry and not self.composer.busy:
            self.composer.resend()

    # Commands.

    @on(Composer.Commanded)
    def _command(self, event: Composer.Commanded) -> None:
        self.run_command(event.command.name, event.argument)

    def run_command(self, name: str, argument: str) -> None:
        """Do what a slash command says."""
        if argument or not self._plain_command(name):
            try:
                self._commands()[name](argument)
            except BathyError as error:
                self.transcript.add_error(str(error))

    def _plain_command(self, name: str) -> bool:
        """Do what a command says that takes nothing; False if it is none of those."""
        actions: Mapping[str, Callable[[], object]] = {
            "quit": self.exit,
            "new": self.action_new_session,
            "pack": self.action_pack,
            "review": self.action_review,
            "sessions": self.action_sessions,
            "help": self.action_help,
            "mouse": self.action_mouse,
            "copy": self._copy_answer,
            "cost": lambda: self.say(drawing.cost_words(self.state)),
            "plain": lambda: self.exit("plain"),
            "undo": self.undo,
        }
        if name in actions:
            actions[name]()
        return name in actions

    def _copy_answer(self) -> None:
        if answer := self.transcript.answer_text:
            self.copy_to_clipboard(answer)
        else:
            self.warn("there is no answer to copy yet")

    def _commands(self) -> Mapping[str, Callable[[str], None]]:
        """Commands that take something, by name."""
        return {
            "exclude": lambda glob: self._refit_with(exclude=glob),
            "include": lambda glob: self._refit_with(exclude=f"!{glob}"),
            "export": self.export,
            "find": self.find,
            "model": self._choose_model,
            "open": self._open_place,
            "rename": self.rename,
            "theme": self._choose_theme,
            "think": self._choose_effort,
        }

    def find(self, text: str) -> None:
        """Search the transcript."""
        raise NotImplementedError

    def begin_command(self, name: str) -> None:
        """Put the beginning of a command into the composer, if nothing is written there."""
        if self.composer.area.text.strip():
            self.warn("send or clear first what is written")
            return
        self.composer.area.insert(f"/{name} ")
        self.composer.focus()

    def _refit_with(self, *, exclude: str) -> None:
        settings = self.engine.settings
        self.engine.refit(settings.include, (*settings.exclude, exclude))
        self.surveying()

    def _choose_model(self, model: str) -> None:
        if not model:
            self.say(f"the model is {self.state.model}; /model ID begins a session with another")
        elif self.may_begin():
            self.engine.choose(model=model)
            self.surveying()
            self.begin_session()

    def _choose_effort(self, effort: str) -> None:
        chosen = next((each for each in EFFORTS if each == effort), None)
        if chosen is None:
            self.say(
                f"the effort is {self.state.effort}; /think {'|'.join(EFFORTS)} begins a session"
                " with another"
            )
        elif self.may_begin():
            self.engine.choose(effort=chosen)
            self.surveying()
            self.begin_session()

    def _choose_theme(self, name: str) -> None:
        if name in self.available_themes:
            self.theme = name
        else:
            self.say(f"themes: {', '.join(sorted(self.available_themes))}")

    def _open_place(self, place: str) -> None:
        path, _, line = place.rpartition(":")
        if path and line.isdecimal():
            self.show_file(path, int(line[:9]), int(line[:9]))
        else:
            self.show_file(place)

    def action_mouse(self) -> None:
        """Leave the mouse to the terminal, or take it back."""
        self.takes_mouse = not self.takes_mouse
        if self._driver is not None:
            self._driver.write(mouse.sequence(is_taken=self.takes_mouse))
        key = self.keymap.shown("everywhere.mouse")
        if self.takes_mouse:
            self.notify("the mouse belongs to bathy again", markup=False)
        else:
            self.notify(f"the terminal has the mouse; {key} takes it back", markup=False)

    def action_help(self) -> None:
        """Show the keys."""
        if not self.is_open(HelpScreen):
            self.push_screen(HelpScreen(self.keymap, COMMANDS, is_ascii=self.look.is_ascii))
