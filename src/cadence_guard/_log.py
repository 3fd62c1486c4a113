"""The library's logger: a named stdlib logger that is silent until somebody listens.

Unconfigured structlog would print to stdout and corrupt what a program writes there, so events go
through `logging.getLogger("cadence_guard")`. No contact, point or text is ever logged.
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def log() -> Any:
    """The logger; it is set up, and structlog loads, when something is first logged."""
    import logging

    import structlog

    logger = logging.getLogger("cadence_guard")
    logger.addHandler(logging.NullHandler())
    return structlog.wrap_logger(
        logger,
        wrapper_class=structlog.stdlib.BoundLogger,
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
    )
