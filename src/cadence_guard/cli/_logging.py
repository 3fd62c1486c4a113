"""What the library logs, as lines on standard error; structlog loads with the first of them."""

from __future__ import annotations

import logging


class _Lazy(logging.StreamHandler):  # type: ignore[type-arg]
    """A handler that sets up its formatter when there is something to format."""

    def format(self, record: logging.LogRecord) -> str:
        if self.formatter is None:
            import structlog

            self.formatter = structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[structlog.stdlib.add_log_level],
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
                ],
            )
        return super().format(record)


def log_to_stderr() -> None:
    """Sends the library's log to standard error; standard output is for results."""
    logger = logging.getLogger("cadence_guard")
    logger.handlers = [handler for handler in logger.handlers if not isinstance(handler, _Lazy)]
    logger.addHandler(_Lazy())
