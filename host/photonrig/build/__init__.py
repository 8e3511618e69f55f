"""Builds of images and tools: toolchain, variants, sketches, sandboxed compilers, size table, fuzzing."""
