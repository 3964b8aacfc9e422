// The element-wise part of an LSTM's time step, gates in order i, f, g, o (PyTorch's); the products are cuBLAS's.
//
// Saved for backward: the gates' activations, in place of their pre-activations, and c. tanh(c) is computed again.
// Every matrix has a distance ld between its rows, because one step of sequences [rows,T,H] lies T·H apart. One thread
// does one unit of one sequence. previous is null at the first step: zeros.
#include "common.cuh"

// gates [rows,4H] = sigmoid(i, f, o), tanh(g) of gates + bias [4H], in place; c [rows,H] = f·previous + i·g; h [rows,H]
// = o·tanh(c), and once more at next unless that is null. c, h and next are overwritten.
// Cost: 48 B, 60 FLOP per unit of a step.
extern "C" __global__ void lstm_cell_forward(int rows, int hidden, float* gates, long long ldGates,
                                             const float* __restrict__ bias, const float* previous,
                                             float* cell, long long ldCell, float* h, long long ldH,
                                             float* next, long long ldNext) {
  GRID_STRIDE(at, (long long)rows * hidden) {
    const long long r = at / hidden;
    const long long j = at % hidden;
    float* gate = gates + r * ldGates + j;
    const float i = sigmoid(gate[0] + bias[j]);
    const float f = sigmoid(gate[hidden] + bias[hidden + j]);
    const float g = tanhf(gate[2LL * hidden] + bias[2LL * hidden + j]);
    const float o = sigmoid(gate[3LL * hidden] + bias[3LL * hidden + j]);
    gate[0] = i;
    gate[hidden] = f;
    gate[2LL * hidden] = g;
    gate[3LL * hidden] = o;
    const float kept = previous == nullptr ? 0.0f : f * previous[r * ldCell + j];
    const float c = kept + i * g;
    cell[r * ldCell + j] = c;
    const float value = o * tanhf(c);
    h[r * ldH + j] = value;
    if (next != nullptr) {
      next[r * ldNext + j] = value;
    }
  }
}

// e = dC + dH·o·(1 − tanh²(c)); delta [rows,4H] = e·g·i(1 − i), e·previous·f(1 − f), e·i·(1 − g²), dH·tanh(c)·o(1 − o),
// overwritten, may be gates; dC [rows,H] = e·f, without gaps, in place.
// Cost: 52 B, 36 FLOP per unit of a step.
extern "C" __global__ void lstm_cell_backward(int rows, int hidden, const float* gates, float* delta,
                                              long long ldGates, const float* previous,
                                              const float* cell, long long ldCell, const float* dH,
                                              long long ldDH, float* dC) {
  GRID_STRIDE(at, (long long)rows * hidden) {
    const long long r = at / hidden;
    const long long j = at % hidden;
    const float* gate = gates + r * ldGates + j;
    const float i = gate[0];
    const float f = gate[hidden];
    const float g = gate[2LL * hidden];
    const float o = gate[3LL * hidden];
    const float squashed = tanhf(cell[r * ldCell + j]);
    const float dh = dH[r * ldDH + j];
    const float e = dC[at] + dh * o * (1.0f - squashed * squashed);
    const float before = previous == nullptr ? 0.0f : previous[r * ldCell + j];
    float* d = delta + r * ldGates + j;
    d[0] = e * g * i * (1.0f - i);
    d[hidden] = e * before * f * (1.0f - f);
    d[2LL * hidden] = e * i * (1.0f - g * g);
    d[3LL * hidden] = dh * squashed * o * (1.0f - o);
    dC[at] = e * f;
  }
}
