"""The transparency log: one leaf for every sealed entry and decision, in the order of the books."""
