"""What the model will read: which files, at which level of detail, in which order, as bytes."""
