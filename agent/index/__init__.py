"""What a repository holds: files, classes, tokens, symbols, history. No model, no interface."""
