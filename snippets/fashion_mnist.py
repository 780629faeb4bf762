"""Fashion-MNIST: 60,000 images of clothes for training and 10,000 for testing, 28×28 pixels, ten classes, in the form in which it is published.

Source: Xiao et al. 2017, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms" (MIT licence).
"""

import gzip
import zlib
from pathlib import Path

import numpy as np

ADDRESS = "https://github.com/zalandoresearch/fashion-mnist"
IMAGES = {"train": "train-images-idx3-ubyte.gz", "test": "t10k-images-idx3-ubyte.gz"}
LABELS = {"train": "train-labels-idx1-ubyte.gz", "test": "t10k-labels-idx1-ubyte.gz"}


# --8<-- [start:idx]
def idx(path, axes):
    """The bytes of a gzipped IDX file as an array of so many axes: two zeros, 8, the number of axes, their lengths, the bytes.

    Raises:
        ValueError: the file is missing, not gzip, cut off, or of another form; the message names it and says where to get it.
    """
    path, mend = Path(path), f"it should hold gzipped bytes with {axes} axes, as published: get it from {ADDRESS}"
    try:
        data = gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: {mend}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} cannot be unpacked ({error}): {mend}") from None
    head = 4 + 4 * axes
    if len(data) < head or data[:4] != bytes([0, 0, 8, axes]):
        raise ValueError(f"{path} is another kind of file: {mend}")
    shape = np.frombuffer(data, ">u4", axes, 4).tolist()
    if len(data) - head != np.prod(shape):
        raise ValueError(f"{path} says {' × '.join(map(str, shape))} bytes and holds {len(data) - head}: {mend}")
    return np.frombuffer(data, np.uint8, offset=head).reshape(shape)
# --8<-- [end:idx]


def labelled(folder, part):
    """Images (count, 28, 28) and labels (count,) 0 … 9 of `part`, "train" or "test".

    Raises:
        ValueError: as `idx`; or the images are of another size, the labels of more classes, or there are not as many of the one as of the other.
    """
    files = [Path(folder) / names[part] for names in (IMAGES, LABELS)]
    images, labels = idx(files[0], 3), idx(files[1], 1)
    if images.shape[1:] != (28, 28):
        raise ValueError(f"{files[0]} holds images of {images.shape[1]} × {images.shape[2]} pixels, not 28 × 28: get it from {ADDRESS}")
    if len(images) != len(labels):
        raise ValueError(f"{files[0]} holds {len(images)} images and {files[1].name} {len(labels)} labels: get both from {ADDRESS}")
    if len(labels) == 0 or labels.max() > 9:
        raise ValueError(f"{files[1]} should hold labels 0 … 9: get it from {ADDRESS}")
    return images, labels


# --8<-- [start:fashion]
def fashion_mnist(folder):
    """Training and test images (count, 14, 14) and their labels: squares of 2×2 pixels are averaged.

    Pixels are standardised by the training set's mean and deviation over all pixels: one number each.

    Raises:
        ValueError: see `labelled`.
    """
    (train_x, train_y), (test_x, test_y) = labelled(folder, "train"), labelled(folder, "test")
    train_x, test_x = (x.reshape(-1, 14, 2, 14, 2).mean((2, 4), np.float64) for x in (train_x, test_x))
    mean, deviation = train_x.mean(), train_x.std()
    train_x, test_x = (((x - mean) / deviation).astype(np.float32) for x in (train_x, test_x))
    return train_x, train_y.astype(np.int64), test_x, test_y.astype(np.int64)
# --8<-- [end:fashion]
