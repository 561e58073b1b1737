"""Answers: for now the one that needs no model."""
