"""One module for each family of containers: which bytes open it, and what its header says."""
