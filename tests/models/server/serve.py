"""Serves a model with llama.cpp's server until it is killed; prints its address.

usage: python serve.py WEIGHTS NAME, where the embedded model's weights are written first if there are none
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import gguf
import numpy as np
import xllamacpp

from silicus.models.loading import locate


def write_weights(path: Path) -> None:
    """Write the weights of the embedded model as a GGUF file in float32."""
    place = locate("smollm2")
    source = gguf.GGUFReader(Path(place.folder) / str(place.gguf))
    writer = gguf.GGUFWriter(path, source.fields["general.architecture"].contents())
    of_file = {"general.architecture", "general.file_type", "general.quantization_version"}
    for name, field in source.fields.items():
        if name.startswith("GGUF.") or name in of_file:
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kind, sub_type=inner)
    for tensor in source.tensors:
        writer.add_tensor(tensor.name, gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(weights: Path, name: str) -> None:
    if not weights.is_file():
        write_weights(weights)
    how = xllamacpp.CommonParams()
    how.model.path, how.model_alias = str(weights), {name}
    how.n_ctx, how.n_parallel, how.cpuparams.n_threads, how.port = 8192, 4, 1, 0
    server = xllamacpp.Server(how)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    parent = os.getppid()
    while os.getppid() == parent:  # A test run that is killed leaves no server behind.
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
