"""A repository that has been opened -> what the screen knows of it before anything is asked."""

from datetime import UTC, datetime

from bathy.agent.config import Service, Settings
from bathy.agent.loop.ledger import Ledger, ledger_path
from bathy.agent.model.catalog import Model, cost_of, prices_at
from bathy.agent.model.messages import Usage
from bathy.agent.modes.basis import BasisFinder
from bathy.agent.modes.compose import Bench
from bathy.agent.modes.tui.events import Opened, Packed
from bathy.agent.modes.tui.panels.figures import usd_word


def why_offline(settings: Settings, service: Service) -> str:
    """Say why no model is asked; "" if one is."""
    if settings.offline:
        return "--offline"
    return "" if service.api_key else "no DEEPSEEK_API_KEY is set"


def opened(bench: Bench, service: Service, model: Model) -> Opened:
    """Say what was opened."""
    found = bench.snapshot
    paths = tuple(entry.path for entry in found.entries if entry.kind == "file")
    return Opened(
        found.root,
        found.name,
        found.commit,
        found.dirty,
        paths,
        why_offline(bench.settings, service),
        service.model,
        service.effort,
        model.window_tokens,
        model.sees_images,
    )


def packed(bench: Bench, model: Model, *, is_sent: bool) -> Packed:
    """Pack it, or look up how it was packed.

    Args:
        bench: The repository.
        model: That would read it.
        is_sent: A model is asked, so what counts is the base that it is sent and what follows that;
            else the files as they are.

    Raises:
        BathyError: It cannot be read, or nothing of it fits.
    """
    if not is_sent or bench.settings.context == "tools":
        manifest, _ = bench.pack(with_text=False, window_tokens=model.window_tokens)
        return Packed(manifest, *_prices(model, manifest.tokens))
    with Ledger(ledger_path()) as ledger:
        # Only a question remembers a base: looking is not to change what will be sent.
        basis = BasisFinder(bench, model, ledger, is_dry=True).find()
    manifest = basis.base.manifest
    return Packed(
        manifest,
        *_prices(model, manifest.tokens + basis.overlay_tokens),
        is_frozen=True,
        appended_paths=basis.overlay.paths,
        appended_tokens=basis.overlay_tokens,
        note=basis.base.note,
    )


def price_words(model: Model, tokens: int) -> str:
    """Say what a prompt costs of which nothing is cached, to be put behind what it holds."""
    cold_usd, _ = _prices(model, tokens)
    return f" ({usd_word(cold_usd)})" if cold_usd else ""


def _prices(model: Model, tokens: int) -> tuple[float, float]:
    """(cold, warm) price of a prompt now; 0 if it is not known."""
    prices = prices_at(model, datetime.now(UTC))
    cold, warm = Usage(tokens, 0, tokens, 0, 0), Usage(tokens, tokens, 0, 0, 0)
    return cost_of(cold, prices), cost_of(warm, prices)
