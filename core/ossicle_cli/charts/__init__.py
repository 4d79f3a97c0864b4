"""Charts: one model of what is drawn, as PNG and as text in a terminal."""
