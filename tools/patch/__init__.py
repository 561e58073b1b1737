"""Patch text and the bytes of files -> the new bytes of every file, all or nothing; no disk."""
