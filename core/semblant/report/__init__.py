"""The quality report: blocks, inputs, document, and how it is built."""
