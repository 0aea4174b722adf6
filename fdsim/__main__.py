"""``python -m fdsim`` is the ``fdsim`` command."""

import sys

from fdsim.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
