"""The code viewer: a file's lines on the screen, opened at the lines that are meant."""
