"""Manifests that come in and choices of the user -> the tree that is shown; pure.

A file that is left out is missing from the next manifest. It is remembered here, so that it stays
in sight and can be put back.
"""

from bathy.agent.modes.tui.panels.choice import Choice
from bathy.agent.modes.tui.panels.pack_tree import Appended, PackTree, build_tree
from bathy.agent.pack.manifest import Manifest, ManifestEntry


class Fitting:
    """The pack as it is, and what was asked to change of it."""

    def __init__(self, choice: Choice) -> None:
        """Begin without a pack.

        Args:
            choice: Globs that the first manifest is made with.
        """
        self.choice = choice
        self.manifest: Manifest | None = None
        self.appended = Appended()
        self.tree: PackTree | None = None
        self.was_tokens: int | None = None
        self.waiting = 0
        self.problem = ""
        self._before: list[Choice] = []
        self._known: dict[str, ManifestEntry] = {}

    @property
    def tokens(self) -> int:
        """Of the base and what is appended."""
        return self.appended.tokens + (self.manifest.tokens if self.manifest is not None else 0)

    def take(self, manifest: Manifest, appended: Appended) -> None:
        """Show a pack, new or fitted anew."""
        if self.waiting and self.manifest is not None:
            self.was_tokens = self.tokens
        self.waiting, self.problem = max(0, self.waiting - 1), ""
        self.manifest, self.appended = manifest, appended
        self._known.update((entry.path, entry) for entry in manifest.files)
        left_out = [e for e in self._known.values() if self.choice.is_left_out(e.path)]
        self.tree = build_tree(manifest, appended, left_out)

    def fail(self, text: str) -> None:
        """The last choice gave no pack: go back to the one before."""
        self.waiting, self.problem = max(0, self.waiting - 1), text
        if self._before:
            self.choice = self._before.pop()

    def leave_out(self, key: str) -> bool:
        """Choose to do without a file or folder; False if that is so already."""
        return self._choose(self.choice.leave_out(key))

    def put_back(self, key: str) -> bool:
        """Choose to have a file or folder again; False if it is not left out."""
        return self._choose(self.choice.put_back(key))

    def undo(self) -> bool:
        """Go back to the choice before; False if there was none."""
        if not self._before:
            return False
        self.choice = self._before.pop()
        self.waiting += 1
        return True

    def _choose(self, choice: Choice) -> bool:
        if choice is self.choice:
            return False
        self._before.append(self.choice)
        self.choice = choice
        self.waiting += 1
        return True
