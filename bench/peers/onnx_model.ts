// The workload's model as an ONNX file in memory: LSTM nodes with their weights, then the linear layer.

import { attribute, concatenate, delimited, message, text, varint } from '../../e2e/onnx/model.ts';
import { transpose, type Workload } from '../workload.ts';
import { onnxLayer } from './layout.ts';

const FLOAT = 1, INT32 = 6, INT64 = 7;

/**
 * Input `x` [T,N,V], output `logits` [T,N,V]; for rows with lengths the input `lengths` [N] besides. A stream (`states`) has a
 * window of one step, and for every layer l the inputs `h{l}`, `c{l}` [1,N,H] and the outputs `hn{l}`, `cn{l}`.
 */
export function onnxCharacterModel(workload: Workload, { states }: { states: boolean }): Uint8Array {
  const { config: { vocabulary, hiddenSize, numLayers, batchSize, bidirectional, ragged }, parameters } = workload;
  const directions = bidirectional ? 2 : 1;
  const window = states ? 1 : workload.config.timeSteps;
  const nodes: Uint8Array[] = [];
  const initializers: Uint8Array[] = [];
  const inputs = [valueInfo('x', FLOAT, [window, batchSize, vocabulary])];
  const outputs = [valueInfo('logits', FLOAT, [window, batchSize, vocabulary])];
  if (ragged) inputs.push(valueInfo('lengths', INT32, [batchSize]));
  const constant = (name: string, shape: readonly number[], values: Float32Array): string => {
    initializers.push(tensor(name, FLOAT, shape, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)));
    return name;
  };

  initializers.push(tensor('columns', INT64, [3], new Uint8Array(BigInt64Array.of(BigInt(window), BigInt(batchSize), BigInt(directions * hiddenSize)).buffer)));
  let x = 'x';
  for (let l = 0; l < numLayers; l++) {
    const { W, R, B } = onnxLayer(workload, l);
    const state = [batchSize, hiddenSize];
    if (states) {
      inputs.push(valueInfo(`h${l}`, FLOAT, [1, ...state]), valueInfo(`c${l}`, FLOAT, [1, ...state]));
      outputs.push(valueInfo(`hn${l}`, FLOAT, [1, ...state]), valueInfo(`cn${l}`, FLOAT, [1, ...state]));
    }
    nodes.push(
      node('LSTM', [
        x,
        constant(`W${l}`, [directions, 4 * hiddenSize, l === 0 ? vocabulary : directions * hiddenSize], W),
        constant(`R${l}`, [directions, 4 * hiddenSize, hiddenSize], R),
        constant(`B${l}`, [directions, 8 * hiddenSize], B),
        ragged ? 'lengths' : '',
        ...(states ? [`h${l}`, `c${l}`] : []),
      ], states ? [`y${l}`, `hn${l}`, `cn${l}`] : [`y${l}`], [
        attribute('hidden_size', hiddenSize, false), attribute('direction', bidirectional ? 'bidirectional' : 'forward', false),
      ]),
      // [T,D,N,H] → [T,N,D,H] → [T,N,D*H]
      node('Transpose', [`y${l}`], [`t${l}`], [[text(1, 'perm'), ...[0, 2, 1, 3].map((axis) => varint(8, axis)), varint(20, 7)]]),
      node('Reshape', [`t${l}`, 'columns'], [`x${l}`], []),
    );
    x = `x${l}`;
  }
  const weight = transpose(parameters['linear.weight']!, vocabulary, directions * hiddenSize);
  nodes.push(
    node('MatMul', [x, constant('weight', [directions * hiddenSize, vocabulary], weight)], ['products'], []),
    node('Add', ['products', constant('bias', [vocabulary], parameters['linear.bias']!)], ['logits'], []),
  );
  const graph = [
    ...nodes.map((one) => delimited(1, one)),
    text(2, 'model'),
    ...initializers.map((one) => delimited(5, one)),
    ...inputs.map((one) => delimited(11, one)),
    ...outputs.map((one) => delimited(12, one)),
  ];
  return concatenate([varint(1, 8), message(7, graph), message(8, [text(1, ''), varint(2, 14)])]);
}

/** NodeProto; '' is an optional input left out. */
const node = (operator: string, inputs: readonly string[], outputs: readonly string[], attributes: readonly Uint8Array[][]): Uint8Array => concatenate([
  ...inputs.map((name) => text(1, name)),
  ...outputs.map((name) => text(2, name)),
  text(4, operator),
  ...attributes.map((parts) => message(5, parts)),
]);

/** TensorProto with little-endian raw data. */
const tensor = (name: string, type: number, shape: readonly number[], bytes: Uint8Array): Uint8Array =>
  concatenate([...shape.map((extent) => varint(1, extent)), varint(2, type), text(8, name), delimited(9, bytes)]);

/** ValueInfoProto. */
const valueInfo = (name: string, type: number, shape: readonly number[]): Uint8Array =>
  concatenate([text(1, name), message(2, [message(1, [varint(1, type), message(2, shape.map((extent) => message(1, [varint(1, extent)])))])])]);
