"""A dossier and the repository -> what the report says, each claim checked."""
