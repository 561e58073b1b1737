"""The tracker, through its REST API: a target -> a dossier, and a plan -> writes."""
