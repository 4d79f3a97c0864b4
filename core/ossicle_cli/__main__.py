"""`python -m ossicle_cli` is the command `ossicle`."""

from ossicle_cli import run

if __name__ == "__main__":
    run()
