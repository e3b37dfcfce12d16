"""How it is written: SVG, DOT, text and Mermaid."""
