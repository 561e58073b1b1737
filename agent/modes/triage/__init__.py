"""`bathy triage`: an issue -> a report that can be checked, and the writes that are allowed."""
