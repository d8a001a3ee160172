"""What a user can do, one function each: read the outside, ask the kernel, append, act. Doors call these and print."""
