"""Figures of the accrual statements of the 2026 accounting system (charity-rules §16.2, §16.3). No printed form yet."""
