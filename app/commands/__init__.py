"""The command line, one module a group; heavy imports happen inside the commands that need them."""
