"""Checks an ONNX file against the standard and says what is in it.

    python3 test/golden/check_onnx.py FILE        needs onnx

Prints its operators with how many there are of each, other domains than ONNX's own, its initializers' shapes by name, and the
shapes of its inputs and outputs.
"""
import collections
import json
import sys

import onnx

model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
graph = model.graph
shape = lambda v: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]
print(
    json.dumps(
        {
            "opset": [o.version for o in model.opset_import],
            "domains": sorted({n.domain for n in graph.node} - {""}),
            "operators": collections.Counter(n.op_type for n in graph.node),
            "weights": {t.name: list(t.dims) for t in graph.initializer},
            "values": {v.name: shape(v) for v in [*graph.input, *graph.output]},
        }
    )
)
