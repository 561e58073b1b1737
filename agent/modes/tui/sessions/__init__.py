"""Earlier sessions: how they are shown again, and the screen to choose one of them."""
