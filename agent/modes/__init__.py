"""Events and answers, for people and machines."""
