"""`python -m adapters.doors` is the command `qayd`."""

from adapters.doors.main import main

main()
