"""DeepSeek's Chat Completions on loopback for tests: strict, scripted, and faulty on demand.

`server` holds the endpoint, `script` what a model says, `faults` what goes wrong on the way.
"""
