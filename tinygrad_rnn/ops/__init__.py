"""The derivative table: one class per op, forward and backward side by side."""
