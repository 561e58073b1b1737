"""A request of which the service did not say what it used -> the sentence that says what it counts.

The full screen, the plain lines and the headless run say the same.
"""

from bathy.agent.loop.events import UsageReported


def unsaid_words(report: UsageReported, price: str) -> str:
    """Say what such a request counts.

    Args:
        report: What it is counted for.
        price: Its price, as people read it; "" where no prices are known.
    """
    tokens = f"{report.usage.prompt_tokens:,} tokens read"
    counts = f"it counts as {'at most' if report.is_most else 'about'} {price or tokens}"
    if not report.usage.prompt_tokens:
        return "no request was with the service, so nothing more is counted"
    if report.is_most:
        return f"the request was sent and not answered; {counts}, if the service has read it"
    return f"the service did not say what this request used; {counts}, an estimate"
