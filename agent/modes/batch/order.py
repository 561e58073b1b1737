"""Tasks -> which one may begin next, so that those that share a cached prefix pay for it once.

Tasks whose prompts begin alike are a group. The first of a group runs alone and puts what they
share into the service's cache; then the others run side by side. Groups do not wait for each other.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field

from bathy.agent.modes.batch.tasks import BatchTask

SMALL_ROUNDS = 2
"""Tasks that run alone in a group with a small base. None is sent first to warm the cache, so the
service keeps what two prompts have in common only once it has seen the second."""


@dataclass
class _Group:
    waiting: deque[BatchTask] = field(default_factory=deque)
    running: int = 0
    rounds: int = 0


class Queue:
    """The tasks that have not ended.

    Attributes:
        is_lone: The one that was taken last runs with no other beside it until it has ended.
    """

    def __init__(
        self, tasks: Iterable[BatchTask], key: Callable[[BatchTask], Hashable], *, is_gated: bool
    ) -> None:
        """Line up.

        Args:
            tasks: In the order in which they should begin.
            key: The same for tasks whose prompts begin alike.
            is_gated: The first of a group runs alone.
        """
        self._key, self._is_gated = key, is_gated
        self._groups: dict[Hashable, _Group] = {}
        self._alone: deque[BatchTask] = deque()
        self._running = 0
        self.is_lone = False
        for task in tasks:
            self._group(task).waiting.append(task)

    def __len__(self) -> int:
        """Tasks that wait."""
        return len(self._alone) + sum(len(group.waiting) for group in self._groups.values())

    def take(self) -> BatchTask | None:
        """Return a task that may begin now; None if none may before another one has ended."""
        if self._alone or self.is_lone:
            if self._running:
                return None
            task = self._alone.popleft()
            self.is_lone = True
        else:
            group = next((g for g in self._groups.values() if self._is_ready(g)), None)
            if group is None:
                return None
            task = group.waiting.popleft()
        self._group(task).running += 1
        self._running += 1
        return task

    def end(self, task: BatchTask, *, rounds: int) -> None:
        """Take notice that a task has ended, whatever became of it.

        Args:
            task: From `take`.
            rounds: How far it has warmed the cache for its group: 0 if it asked nothing, 1 for a
                small base, `SMALL_ROUNDS` for one that is cached by itself.
        """
        group = self._group(task)
        group.running -= 1
        group.rounds += rounds
        self._running -= 1
        self.is_lone = False

    def put_back(self, task: BatchTask, *, is_first: bool = False, is_alone: bool = False) -> None:
        """Let a task that has ended, or was not begun, begin later.

        Args:
            task: From `take`, after `end`.
            is_first: It comes before the others of its group.
            is_alone: It runs next, with no other beside it.
        """
        if is_alone:
            self._alone.append(task)
        elif is_first:
            self._group(task).waiting.appendleft(task)
        else:
            self._group(task).waiting.append(task)

    def _is_ready(self, group: _Group) -> bool:
        is_open = not self._is_gated or group.rounds >= SMALL_ROUNDS
        return bool(group.waiting) and (is_open or group.running == 0)

    def _group(self, task: BatchTask) -> _Group:
        return self._groups.setdefault(self._key(task), _Group())
