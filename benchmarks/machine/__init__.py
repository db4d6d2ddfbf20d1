"""The machine that numbers are measured on: its name, its clock and memory, and its fastest rates."""
