"""A conversation in lines: questions, commands, and the end."""

from collections.abc import Callable, Mapping

from bathy.agent.errors import BathyError
from bathy.agent.modes.tui.events import Packed, TurnBegan, TurnEnded
from bathy.agent.modes.tui.plain import commands
from bathy.agent.modes.tui.plain.conversing import Conversing
from bathy.agent.modes.tui.plain.ends import interrupts_to
from bathy.agent.modes.tui.plain.keyboard import read_question
from bathy.agent.modes.tui.plain.listening import LeftError


class Talk(Conversing):
    """Reads, asks and obeys until the user leaves."""

    def run(self) -> int:
        """Talk; return the exit code.

        Raises:
            KeyboardInterrupt: Ctrl-C ended a script.
            OSError: Nobody reads any more.
        """
        self.engine.start()
        try:
            if not self.keyboard.is_terminal:
                return self._run()
            with interrupts_to(self.interrupt):
                return self._run()
        except LeftError:
            return 0
        finally:
            self.release()
            self.engine.close()
            if self.engine.defect is not None:
                raise self.engine.defect

    def _run(self) -> int:
        is_script = not self.keyboard.is_terminal
        ended = self.until(Packed, TurnEnded)
        if isinstance(ended, TurnEnded) and (is_script or self.opened is None):
            return ended.exit_code or BathyError.exit_code
        self.go_on_first()
        if not is_script:
            self.say(commands.GREETING)
        self._talk()
        if self.state.session_id and not is_script:
            session = self.state.session_id[:8]
            self.say(f"'bathy --plain --resume {session}' goes on with this session")
        return 0

    def _talk(self) -> None:
        """Take lines until there are none any more, or one of them says to leave."""
        was_interrupted = False
        while True:
            try:
                if not self._take_line(read_question(self.keyboard)):
                    return
                was_interrupted = False
            except EOFError:
                if self.keyboard.is_terminal:
                    self.printer.next_line()
                return
            except KeyboardInterrupt:
                if not self.keyboard.is_terminal:
                    raise
                self.printer.next_line()
                if was_interrupted:
                    return
                was_interrupted = True
                self.say("Ctrl-C again leaves, and so does Ctrl-D")

    def _take_line(self, text: str) -> bool:
        """Ask a question or do what a command says; return whether to go on."""
        given = commands.read(text)
        if given is None:
            if text.strip():
                self._ask(text)
            return True
        if problem := commands.problem_of(given):
            self.say(problem)
            return True
        if given.name == "quit":
            return False
        try:
            self._actions()[given.name](given.argument)
        except BathyError as error:
            self.say(str(error))
        return True

    def _ask(self, text: str) -> None:
        self.keyboard.remember(text)
        if not self.keyboard.is_terminal:
            self.say(f"question: {text}")
        self.engine.ask(text, self.images, self.note)
        self.until(TurnEnded, after=TurnBegan)
        if self.was_sent or self.state.why_offline:
            self.note, self.images = "", ()

    def _actions(self) -> Mapping[str, Callable[[str], None]]:
        """What commands do, by name."""
        return {
            "attach": self.attach,
            "cited": self.say_cited,
            "copy": self.copy,
            "cost": self.cost,
            "exclude": self.exclude,
            "export": self.export,
            "help": self._help,
            "include": self.include,
            "model": self.model,
            "new": self.new,
            "open": self.open,
            "pack": self.pack,
            "rename": self.rename,
            "review": self.review,
            "sessions": self.sessions,
            "think": self.think,
            "undo": self.undo,
        }

    def _help(self, _argument: str) -> None:
        for line in commands.help_lines():
            self.say(line)
