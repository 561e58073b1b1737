"""What was asked, thought, done and answered, as one scrolling widget."""
