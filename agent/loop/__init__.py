"""Prompt and tools -> events: one question asked of a model, answered, and checked."""
