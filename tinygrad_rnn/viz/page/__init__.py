"""The interactive page: a picture, the numbers behind it, and backward played step by step, in one HTML file."""
