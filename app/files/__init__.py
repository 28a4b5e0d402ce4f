"""Attachments: content-addressed files outside the database."""
