"""Registers of gifts that an office keeps: read, compared with the books, imported, written again."""
