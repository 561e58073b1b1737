"""What speaks for a file, one kind of signal a module; `retrieve` puts them together."""
