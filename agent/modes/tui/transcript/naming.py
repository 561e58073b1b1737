"""Files of a repository -> the shortest end of a path that says which of them is meant."""

from collections.abc import Collection, Sequence
from functools import cached_property


class Names:
    """Knows the files, so that of many of one name each is told apart."""

    def __init__(self, paths: Sequence[str] = ()) -> None:
        self._paths = paths

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found = dict[str, list[str]]()
        for path in self._paths:
            found.setdefault(_name(path), []).append(path)
        return found

    def short(self, cited: Collection[str]) -> dict[str, str]:
        """Shorten paths; neither a file of the repository nor another of them ends alike.

        Args:
            cited: Of any files, those of the repository or not.

        Returns:
            The end of each, from a folder or the name on; "./" and all of the path where that is
            itself the end of another.
        """
        return {path: _end(path, self._others(path, cited)) for path in cited}

    def _others(self, path: str, cited: Collection[str]) -> list[str]:
        name = _name(path)
        named = [*self._by_name.get(name, ()), *(each for each in cited if _name(each) == name)]
        return [f"/{each}" for each in named if each != path]


def _end(path: str, others: Sequence[str]) -> str:
    end = ""
    for part in reversed(path.split("/")):
        end = f"/{part}{end}"
        if not any(other.endswith(end) for other in others):
            return end[1:]
    return f".{end}"


def _name(path: str) -> str:
    return path.rpartition("/")[2]
