// Attention over encoder states: scores, softmax within each row's source length, the mix of the states; and the way back.
import shader from '../../shaders/ops/attention.wgsl';
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid, rowGrid } from './grid.ts';

export interface AttentionShape {
  /** T of the decoder */ readonly timeSteps: number;
  /** S of the encoder */ readonly sources: number;
  /** N */ readonly batchSize: number;
  /** E */ readonly features: number;
}

export interface AttentionArrays {
  /** [T,N,E] what is compared with the encoder states */ readonly query: Slice;
  /** [S,N,E] */ readonly encoder: Slice;
  /** [N] from 0 to S */ readonly lengths: Slice;
  /** [T,N,S] 0 past a row's length */ readonly weights: Slice;
}

/** Record the weights, softmax over s of query·encoder, and context [T,N,E], the encoder states mixed by them. */
export function attend(recording: Recording, shape: AttentionShape, { query, encoder, lengths, weights }: AttentionArrays, context: Slice): void {
  scoresOf(recording, shape, { query, encoder, lengths, scores: weights });
  recording.dispatch(shader, 'softmax', { bindings: { lengths, scores: weights }, ...byRow(shape) });
  mix(recording, shape, { encoder, lengths, weights, context });
}

/** Record dQuery [T,N,E] and dEncoder [S,N,E] from dContext [T,N,E]; `dScores` [T,N,S] comes to hold dL/dscores. */
export function attendBackward(
  recording: Recording,
  shape: AttentionShape,
  { query, encoder, lengths, weights }: AttentionArrays,
  { dContext, dScores, dQuery, dEncoder }: { dContext: Slice; dScores: Slice; dQuery: Slice; dEncoder: Slice },
): void {
  scoresOf(recording, shape, { query: dContext, encoder, lengths, scores: dScores });
  recording.dispatch(shader, 'softmax_backward', { bindings: { lengths, weights, scores: dScores }, ...byRow(shape) });
  mix(recording, shape, { encoder, lengths, weights: dScores, context: dQuery });
  recording.dispatch(shader, 'encoder_gradient', {
    bindings: { query, lengths, weights, d_context: dContext, d_scores: dScores, d_encoder: dEncoder },
    params: params(shape),
    workgroups: rowGrid(shape.sources * shape.batchSize, shape.features, 64),
  });
}

function scoresOf(recording: Recording, shape: AttentionShape, bindings: Omit<AttentionArrays, 'weights'> & { scores: Slice }): void {
  recording.dispatch(shader, 'scores_of', { bindings, params: params(shape), workgroups: rowGrid(shape.timeSteps * shape.batchSize, shape.sources, 16) });
}

function mix(recording: Recording, shape: AttentionShape, bindings: Omit<AttentionArrays, 'query'> & { context: Slice }): void {
  recording.dispatch(shader, 'mix', { bindings, params: params(shape), workgroups: rowGrid(shape.timeSteps * shape.batchSize, shape.features, 64) });
}

const params = ({ timeSteps, batchSize, sources, features }: AttentionShape) => ({ steps: timeSteps, batch: batchSize, sources, features });

/** A thread for each row of scores. */
const byRow = (shape: AttentionShape) => ({ params: params(shape), workgroups: grid(shape.timeSteps * shape.batchSize, 16) });
