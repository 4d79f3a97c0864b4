"""The command `ossicle`: what a person holds; thin."""


def run() -> None:
    """Run the command with the arguments of this process, and exit."""
    # click is only loaded for who runs the command, not for who imports this package.
    from ossicle_cli.program import program

    program.main(prog_name="ossicle")


__all__ = ["run"]
