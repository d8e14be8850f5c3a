"""The same network in PyTorch: same windows, same order of sizes, Adam, squared loss, and one window at a
time in PyTorch and onnxruntime.

Usage: beside.py DATA EPOCHS. DATA holds little-endian floats: rows of features (8 each), then a target
for each window; the head of the file is three unsigned 32-bit numbers: rows, windows, windows to train
on. Prints one JSON object.
"""

import json
import os
import sys
import tempfile
import time
import warnings

os.environ["OMP_NUM_THREADS"] = "1"
warnings.filterwarnings("ignore")

import numpy as np
import torch

STEPS, FEATURES, HIDDEN, BATCH, RATE, SEED = 60, 8, 64, 64, 1e-3, 1


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(FEATURES, HIDDEN, batch_first=True)
        self.head = torch.nn.Linear(HIDDEN, 1)

    def forward(self, windows):
        return self.head(self.lstm(windows)[0][:, -1])


def read(path):
    raw = open(path, "rb").read()
    rows, windows, train = np.frombuffer(raw, "<u4", 3)
    numbers = np.frombuffer(raw, "<f4", offset=12)
    features = numbers[: rows * FEATURES].reshape(rows, FEATURES)
    targets = numbers[rows * FEATURES :].reshape(windows, 1)
    seen = np.lib.stride_tricks.sliding_window_view(features, STEPS, axis=0).transpose(0, 2, 1)
    return torch.tensor(seen[:windows].copy()), torch.tensor(targets.copy()), int(train)


def median(times):
    return sorted(times)[len(times) // 2] * 1e6


def main():
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    windows, targets, train = read(sys.argv[1])
    network = Network()
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    epochs, shuffle = int(sys.argv[2]), np.random.default_rng(SEED)
    begun, wall = time.process_time(), time.perf_counter()
    for _ in range(epochs):
        order = torch.tensor(shuffle.permutation(train))
        for batch in order.split(BATCH):
            optimizer.zero_grad()
            loss = ((network(windows[batch]) - targets[batch]) ** 2).mean()
            loss.backward()
            optimizer.step()
    spent, passed = time.process_time() - begun, time.perf_counter() - wall
    network.eval()
    with torch.no_grad():
        test = [network(part) for part in windows[train:].split(512)]
        loss = ((torch.cat(test) - targets[train:]) ** 2).mean().item()
        times = []
        for at in range(1000):
            window = windows[at : at + 1]
            started = time.perf_counter()
            network(window)
            times.append(time.perf_counter() - started)
    said = {
        "test_loss": loss,
        "samples_per_cpu_second": epochs * train / spent,
        "samples_per_second": epochs * train / passed,
        "window_us": median(times),
        "onnxruntime_us": onnxruntime_us(network, windows),
        "torch": torch.__version__,
    }
    print(json.dumps(said))


def onnxruntime_us(network, windows):
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/network.onnx"
        torch.onnx.export(network, (windows[:1],), path, input_names=["x"], output_names=["y"], dynamo=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options)
    times = []
    for at in range(2000):
        window = windows[at : at + 1].numpy()
        started = time.perf_counter()
        session.run(None, {"x": window})
        times.append(time.perf_counter() - started)
    return median(times)


main()
