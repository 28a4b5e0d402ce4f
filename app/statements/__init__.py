"""Statements: the figures of a period, their layouts, their printed form."""
