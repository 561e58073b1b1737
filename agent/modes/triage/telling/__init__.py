"""A report -> Markdown for people, the one comment, and what Actions shows."""
