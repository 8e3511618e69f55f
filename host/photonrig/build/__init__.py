"""What makes images and tools: toolchain, variants, sketches, compilers in a sandbox, sizes, fuzzing."""
