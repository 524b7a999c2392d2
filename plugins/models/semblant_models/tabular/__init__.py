"""The default model of tables: encodings, an autoregressive network over tokens, training and drawing."""
