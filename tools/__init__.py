"""What touches the repository on somebody's behalf: git, files, secrets. Knows nothing of the agent."""
