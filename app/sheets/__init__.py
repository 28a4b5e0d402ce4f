"""An office's own files: workbooks, CSV and pasted rows read into typed cells, and registers written again."""
