"""`bathy pack`: the files as they are -> their pack, as pictures for people or as JSON."""

import json
import sys

from bathy.agent.config import Settings, read_service
from bathy.agent.model.catalog import find_model
from bathy.agent.modes.compose import open_bench
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.saving import save
from bathy.agent.pack.manifest import manifest_json
from bathy.tools.base import count_of


def run_pack(settings: Settings) -> int:
    """Show or write the pack of a repository; return the exit code.

    Raises:
        BathyError: The repository cannot be read, or the file cannot be written.
    """
    progress = Progress(quiet=settings.quiet, verbose=settings.verbose)
    with open_bench(settings, progress) as bench:
        progress.trace(f"{len(bench.snapshot.entries)} files listed")
        if bench.denied:
            files = count_of(bench.denied_files, "file")
            progress.say(f"`denied_paths` in config.toml keeps {files} out of everything")
        service = read_service(settings)
        window = find_model(service.model, service.own_models).window_tokens
        manifest, text = bench.pack(with_text=settings.output is not None, window_tokens=window)
        progress.trace("packed")
    if settings.output is not None:
        save(settings.output, text.encode("utf-8"))
        progress.say(f"{manifest.tokens:,} tokens written to {settings.output}")
    if settings.output_format != "text":
        json.dump(manifest_json(manifest), sys.stdout)
        sys.stdout.write("\n")
    elif settings.output is None:
        from bathy.agent.modes.summary import show_summary

        show_summary(manifest, color=settings.color)
    return 0
