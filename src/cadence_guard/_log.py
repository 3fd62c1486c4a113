"""The library's logger: a named stdlib logger that is silent until somebody listens.

Unconfigured structlog would print to stdout and corrupt what a program writes there, so events go
through `logging.getLogger("cadence_guard")`. No contact, point or text is ever logged.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

logging.getLogger("cadence_guard").addHandler(logging.NullHandler())


@cache
def log() -> Any:
    """The logger; structlog loads when something is first logged."""
    import structlog

    return structlog.wrap_logger(
        logging.getLogger("cadence_guard"),
        wrapper_class=structlog.stdlib.BoundLogger,
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
    )
