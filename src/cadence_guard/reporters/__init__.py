"""Decisions for people: lines, time lines, numbers. Nothing here opens a file."""
