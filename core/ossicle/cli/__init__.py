"""The command `ossicle`: what a person holds; thin."""


def main() -> None:
    """Run the command with the arguments of this process, and exit."""
    # click is only loaded for who runs the command, not for who imports this package.
    from ossicle.cli.program import program

    program.main(prog_name="ossicle")


__all__ = ["main"]
