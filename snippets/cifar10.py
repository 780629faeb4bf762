"""CIFAR-10 in its published binary form, and how He et al. augment it.

Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images"; He et al. 2015, "Deep residual learning for image
recognition", §4.2.
"""

from pathlib import Path

import numpy as np
import torch

TRAIN = [f"data_batch_{number}.bin" for number in range(1, 6)]
TEST = ["test_batch.bin"]
BYTES = 1 + 3 * 32 * 32  # a label, then the red, the green and the blue plane, each by rows


def read(folder, files):
    """Images (count, 3, 32, 32) of pixels 0 … 255 and labels (count,) 0 … 9.

    Raises:
        ValueError: a file is missing, is no whole number of images, or holds another label; the message names it.
    """
    parts = []
    for path in (Path(folder) / name for name in files):
        if not path.is_file():
            raise ValueError(f"{path} is missing: unpack CIFAR-10's binary version there")
        data = np.fromfile(path, np.uint8)
        if len(data) == 0 or len(data) % BYTES or data[::BYTES].max() > 9:
            raise ValueError(f"{path} is not CIFAR-10's binary form: {BYTES} bytes an image, the first a label 0 … 9")
        parts.append(data.reshape(-1, BYTES))
    data = np.concatenate(parts)
    return torch.from_numpy(data[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32)), torch.from_numpy(data[:, 0].astype(np.int64))


def cifar10(folder):
    """Training and test images and labels; the training set's mean of every pixel is subtracted, and pixels divided by 255."""
    (train_x, train_y), (test_x, test_y) = read(folder, TRAIN), read(folder, TEST)
    mean = train_x.mean(0)
    return (train_x - mean) / 255, train_y, (test_x - mean) / 255, test_y


class Augmented:
    """Images that are drawn anew each time: 4 pixels of 0 around, a random crop of the old size, mirrored or not.

    Indexed by a net (0) and images (1, batch) it gives (1, batch, channels, h, w).
    """

    def __init__(self, x, generator):
        self.x, self.generator = x, generator

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        x = self.x[index[1][0]]
        count, _, h, w = x.shape
        down, right = torch.randint(9, (2, count, 1), generator=self.generator)
        columns = torch.arange(w).expand(count, w)
        mirrored = torch.rand(count, 1, generator=self.generator) < 0.5
        columns = torch.where(mirrored, columns.flip(1), columns) + right
        rows = torch.arange(h) + down
        padded = torch.nn.functional.pad(x, (4, 4, 4, 4))
        image = torch.arange(count).view(-1, 1, 1)
        # Two advanced indices around a slice put the channels last.
        return padded[image, :, rows.unsqueeze(2), columns.unsqueeze(1)].movedim(-1, 1)[None]


def stepwise(optimiser, milestones):
    """Each of these steps divides the learning rate by 10."""
    return torch.optim.lr_scheduler.MultiStepLR(optimiser, milestones).step
