"""``python -m aimcodec.cli`` is ``aimc``."""

import sys

from aimcodec.cli import main

sys.exit(main())
