"""What stands around the transcript: the pack as map and tree, the side panel, the status line."""
