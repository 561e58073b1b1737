"""GitHub's own description of its API -> the part that bathy uses, in a form that Prism can check.

The description is fetched from npm when the lane runs, and nothing of it is kept. What is changed:
examples are dropped, since some are references where values belong; and GitHub's own media type is
added wherever plain JSON is described, since GitHub asks for it and describes it nowhere.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPERATIONS = {
    "/user": ("get",),
    "/search/issues": ("get",),
    "/repos/{owner}/{repo}": ("get",),
    "/repos/{owner}/{repo}/labels": ("get",),
    "/repos/{owner}/{repo}/issues": ("get",),
    "/repos/{owner}/{repo}/issues/{issue_number}": ("get",),
    "/repos/{owner}/{repo}/issues/{issue_number}/comments": ("get", "post"),
    "/repos/{owner}/{repo}/issues/{issue_number}/events": ("get",),
    "/repos/{owner}/{repo}/issues/{issue_number}/labels": ("get", "post"),
    "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}": ("delete",),
    "/repos/{owner}/{repo}/issues/{issue_number}/suggestions": ("get",),
    "/repos/{owner}/{repo}/issues/comments/{comment_id}": ("get", "patch"),
}
MEDIA_TYPE = "application/vnd.github+json"


def cut(whole: dict[str, Any]) -> dict[str, Any]:
    """Return a description of `OPERATIONS` alone."""
    paths: dict[str, Any] = {}
    for path, methods in OPERATIONS.items():
        there = whole["paths"][path]
        shared = {key: there[key] for key in ("parameters",) if key in there}
        paths[path] = {**shared, **{method: there[method] for method in methods}}
    kept: dict[str, dict[str, Any]] = {}
    left = list(references(paths))
    while left:
        _, _, kind, name = left.pop().split("/", 3)
        if name not in kept.setdefault(kind, {}):
            kept[kind][name] = whole["components"][kind][name]
            left += references(kept[kind][name])
    subset = {"openapi": whole["openapi"], "info": {"title": "subset", "version": "1"},
              "servers": [{"url": "/"}], "paths": paths, "components": kept}  # fmt: skip
    found: dict[str, Any] = changed(subset)
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref" and isinstance(inner, str):
                yield inner
            elif key not in ("examples", "example"):
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def changed(value: Any) -> Any:
    if isinstance(value, list):
        return [changed(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, inner in value.items():
        # A property may have that name, too; then it is described by a schema.
        is_example = key in ("examples", "example") and not (
            isinstance(inner, dict) and ("type" in inner or "$ref" in inner)
        )
        if not is_example:
            found[key] = changed(inner)
    content = found.get("content")
    if isinstance(content, dict) and "application/json" in content:
        content[MEDIA_TYPE] = content["application/json"]
    return found


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(json.dumps(cut(json.loads(source.read_text()))))
