"""Items, places and contexts -> the order in which they are asked, so that prefixes stay cached."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bathy.agent.modes.evaluate_answers.items import Item
from bathy.agent.modes.evaluate_answers.places import Place

Key = tuple[str, str]
"""(id of the item, context)."""

INDEX = "index"
"""Stands for the context where no model is asked."""


@dataclass(frozen=True, slots=True)
class Group:
    """Questions whose prompts begin with the same bytes.

    Attributes:
        place: Clone and commit.
        context: What of it is shown first; `INDEX` without a model.
        items: In the order of the file.
    """

    place: Place
    context: str
    items: tuple[Item, ...]

    @property
    def keys(self) -> Iterator[Key]:
        """Of its questions."""
        for item in self.items:
            yield item.id, self.context


def plan_groups(
    items: Sequence[Item], places: Mapping[str, Place], contexts: Sequence[str]
) -> list[Group]:
    """Put questions in order.

    Args:
        items: In the order of the file.
        places: Of each, by id.
        contexts: In which all of them are asked, in order.

    Returns:
        Groups: commits in the order in which the file first names them, the contexts of one right
        after one another. Every pair of item and context is in exactly one of them.
    """
    by_place = dict[Place, list[Item]]()
    for item in items:
        by_place.setdefault(places[item.id], []).append(item)
    return [
        Group(place, context, tuple(chosen))
        for place, chosen in by_place.items()
        for context in contexts
    ]
