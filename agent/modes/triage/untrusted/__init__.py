"""What strangers and models write -> text in which nothing acts, and flags."""
