"""`python -m cadence_guard`."""

from __future__ import annotations

import sys

from cadence_guard.cli import main

sys.exit(main())
