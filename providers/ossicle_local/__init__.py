"""An assistant that hears and speaks on this machine, with no key and no network."""
