"""What touches a repository on somebody's behalf: git, files, secrets. Imports no agent."""
