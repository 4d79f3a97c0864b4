"""From any format to any other: who reads, who writes, and what lies between."""
