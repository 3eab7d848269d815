"""Tests of the allocator inside other trainers."""
