"""One audio layer between an application and any model that hears or speaks."""
