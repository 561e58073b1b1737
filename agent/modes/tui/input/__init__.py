"""Where a question is written: the composer with its history, completion, pastes and queue."""
