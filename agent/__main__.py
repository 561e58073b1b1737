"""`python -I -m bathy.agent`, for where no console script can be installed."""

import sys

from bathy.agent.cli import main

sys.exit(main())
