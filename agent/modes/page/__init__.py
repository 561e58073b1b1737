"""Figures and tables -> one HTML page that needs nothing else."""
