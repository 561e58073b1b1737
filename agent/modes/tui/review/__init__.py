"""The review of edits: files before and after, hunk by hunk, and what the user takes of them."""
