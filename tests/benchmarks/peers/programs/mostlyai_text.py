"""MOSTLY AI's engine, language model with default settings: bits per character of held-out texts, and its rates.

Runs in the peers' environment and imports nothing of this project:
``mostlyai_text.py TRAIN HELD TEXT LABEL FOLDER``. The label stands before the text in every record, so that
the text is given it; bits are those of the text's own tokens and of its closing mark. ``PEER_MINUTES`` bounds training.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from pathlib import Path

import pandas as pd
import torch
from mostlyai import engine
from mostlyai.engine._language.common import load_base_model_and_config
from mostlyai.engine._language.encoding import row_to_json
from mostlyai.engine._language.lstm import register_mostly_lstm_model
from transformers import AutoTokenizer

train, held, text, label, folder = sys.argv[1:]
learned, kept = (pd.read_parquet(path)[[label, text]] for path in (train, held))
engine.set_random_state(0)
started, cpu = time.monotonic(), time.process_time()
encodings = {label: "LANGUAGE_CATEGORICAL", text: "LANGUAGE_TEXT"}
engine.split(tgt_data=learned, model_type="LANGUAGE", tgt_encoding_types=encodings, workspace_dir=folder)
engine.analyze(workspace_dir=folder)
engine.encode(workspace_dir=folder)
minutes = float(os.environ.get("PEER_MINUTES", "20"))
engine.train(workspace_dir=folder, enable_flexible_generation=False, max_training_time=minutes)
told = {"seconds": time.monotonic() - started, "cpu_seconds": time.process_time() - cpu}

register_mostly_lstm_model()
path = next(Path(folder).rglob("config.json")).parent
model, _ = load_base_model_and_config(path, device=torch.device("cpu"), is_peft_adapter=False, is_training=False)
tokenizer = AutoTokenizer.from_pretrained(path)
model.eval()
nats = characters = 0.0
with torch.no_grad():
    for _, row in kept.iterrows():
        whole = row_to_json(row, is_target=True)
        begin = whole.index(f'"{text}": "') + len(f'"{text}": "')
        found = tokenizer(f"<s> {{}}{whole}</s>", return_offsets_mapping=True, add_special_tokens=False)
        ids = torch.tensor([found["input_ids"]])
        out = model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=None).logits[0]
        scores = torch.log_softmax(out[:-1].double(), -1).gather(1, ids[0, 1:, None])[:, 0]
        first = begin + len("<s> {}")
        own = [i - 1 for i, (_, end) in enumerate(found["offset_mapping"]) if i and end > first]
        nats -= float(scores[own].sum())
        characters += len(row[text])
told["bits"] = nats / math.log(2) / characters
started, cpu = time.monotonic(), time.process_time()
engine.generate(workspace_dir=folder, sample_size=200)
made = pd.read_parquet(Path(folder) / "SyntheticData")
count = made[text].fillna("").str.len().sum()
told |= {"speed": count / (time.monotonic() - started), "cpu_speed": count / (time.process_time() - cpu)}
sys.stdout.write(json.dumps(told) + "\n")
