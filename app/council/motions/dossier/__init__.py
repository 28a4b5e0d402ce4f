"""One motion, as the office reads it."""
