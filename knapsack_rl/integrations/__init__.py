"""The allocator inside other trainers: one package per trainer, each with an extra of its own."""
