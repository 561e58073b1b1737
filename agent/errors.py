"""What a user is told when bathy cannot go on: one sentence, one exit code.

```
BathyError            1  failed for good
  ConfigError         2  usage or configuration
  RepoError           1  the repository cannot be read
  BudgetError         2  nothing of use fits into the budget that was asked for
  TryAgainError      75  failed, and worth trying again later
```
"""


class BathyError(Exception):
    """A failure to show as one sentence, without a traceback.

    The message says what happened and what to do next.
    """

    exit_code = 1


class ConfigError(BathyError):
    """A flag, variable or configuration file asks for something that cannot be."""

    exit_code = 2


class RepoError(BathyError):
    """The folder, commit or git data cannot be read."""


class BudgetError(BathyError):
    """The token budget is too small to hold anything of use."""

    exit_code = 2


class TryAgainError(BathyError):
    """The service or the network failed in a way that passes."""

    exit_code = 75
