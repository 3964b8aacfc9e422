package latentrace.tests.conformance;

import latentrace.backend.ConvShape;

/** Convolutions as their defining sums, element by element. */
final class ConvOracle {
  private ConvOracle() {}

  /** One product weight[w]·x[x] that is part of y[y], by position in the arrays. */
  private interface Term {
    void at(int w, int x, int y);
  }

  /** All terms of the linear map of a shape, straight from its definition. */
  private static void terms(ConvShape s, int n, Term term) {
    for (int i = 0; i < n; i++) {
      for (int oc = 0; oc < s.outChannels(); oc++) {
        for (int oh = 0; oh < s.outHeight(); oh++) {
          for (int ow = 0; ow < s.outWidth(); ow++) {
            int y = ((i * s.outChannels() + oc) * s.outHeight() + oh) * s.outWidth() + ow;
            for (int c = 0; c < s.channels(); c++) {
              for (int kh = 0; kh < s.kernelHeight(); kh++) {
                for (int kw = 0; kw < s.kernelWidth(); kw++) {
                  int row = oh * s.strideHeight() - s.paddingHeight() + kh;
                  int column = ow * s.strideWidth() - s.paddingWidth() + kw;
                  if (row < 0 || row >= s.height() || column < 0 || column >= s.width()) {
                    continue;
                  }
                  int w = ((oc * s.channels() + c) * s.kernelHeight() + kh) * s.kernelWidth() + kw;
                  int x = ((i * s.channels() + c) * s.height() + row) * s.width() + column;
                  term.at(w, x, y);
                }
              }
            }
          }
        }
      }
    }
  }

  /** Wx. */
  static Expected conv(ConvShape s, int n, double[] x, double[] w, double[] bias) {
    Expected y = new Expected(n * s.outputSize(), s.patchSize() + 1);
    addBias(y, s.outChannels(), s.positions(), bias);
    terms(s, n, (k, from, to) -> y.add(to, w[k] * x[from]));
    return y;
  }

  /** Wᵀy. */
  static Expected adjoint(ConvShape s, int n, double[] y, double[] w, double[] bias) {
    Expected x =
        new Expected(n * s.inputSize(), s.outChannels() * s.kernelHeight() * s.kernelWidth() + 1);
    addBias(x, s.channels(), s.height() * s.width(), bias);
    terms(s, n, (k, to, from) -> x.add(to, w[k] * y[from]));
    return x;
  }

  private static void addBias(Expected values, int channels, int positions, double[] bias) {
    for (int i = 0; bias != null && i < values.value.length; i++) {
      values.add(i, bias[i / positions % channels]);
    }
  }

  /** Σ y·x at each weight, added to {@code before} unless that is null. */
  static Expected weightGradient(ConvShape s, int n, double[] x, double[] y, double[] before) {
    Expected dWeight = new Expected(s.weightSize(), n * s.positions() + 1);
    for (int k = 0; before != null && k < before.length; k++) {
      dWeight.begin(k, before[k]);
    }
    terms(s, n, (k, from, to) -> dWeight.add(k, y[to] * x[from]));
    return dWeight;
  }

  /** Sums over images and positions, added to {@code before} unless that is null. */
  static Expected channelSums(
      int n, int channels, int positions, double[] values, double[] before) {
    Expected sums = new Expected(channels, n * positions + 1);
    for (int c = 0; before != null && c < channels; c++) {
      sums.begin(c, before[c]);
    }
    for (int i = 0; i < n * channels * positions; i++) {
      sums.add(i / positions % channels, values[i]);
    }
    return sums;
  }
}
