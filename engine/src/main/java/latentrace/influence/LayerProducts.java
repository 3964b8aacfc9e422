package latentrace.influence;

import java.util.ArrayList;
import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.GradientOps;
import latentrace.model.Model;
import latentrace.model.Pass;
import latentrace.nn.Layer;
import latentrace.nn.Linear;
import latentrace.nn.Parameter;
import latentrace.nn.Sequential;

/**
 * Gradient inner products of one layer between samples, from the factors on two passes' tapes: as
 * ghost products or from materialised rows, whichever costs less by the operations and bytes
 * counted below. Only a linear layer has few factors: a convolution's are as many as its positions,
 * a recurrent layer's as its steps, and their products are always taken from rows. The choice
 * depends on the layer, the draws and the number of test samples of the whole run only, so that
 * tile sizes never change a result.
 */
final class LayerProducts {
  /** How the products are taken. */
  enum Strategy {
    /** By counted operations and bytes, per layer. */
    AUTO,
    /** Always from factors. */
    GHOST,
    /** Always from rows. */
    MATERIALISED
  }

  /** Test samples among which the cost of a training sample's row is shared, in the counts. */
  private static final int TYPICAL_TESTS = 128;

  /** Training samples among which reading a test sample's row is shared, in the counts. */
  private static final int TYPICAL_TILE = 64;

  /**
   * Floating-point operations done in the time that one number takes from or to memory: about 20 on
   * a CPU core (100 GFLOP/s, 20 GB/s), 80 on an H100 (67 TFLOP/s, 3.35 TB/s). One for all backends,
   * so that they sum alike.
   */
  private static final double OPERATIONS_PER_NUMBER = 40;

  private final int part;
  private final int layer;
  private final int rank;
  private final int in;
  private final int out;
  private final boolean[] wanted;
  private final long columns;
  private final boolean scoresFromRows;
  private final boolean selfFromRows;

  private LayerProducts(
      int part, int layer, int rank, Layer parametric, boolean[] wanted, Strategy strategy) {
    boolean ghosts = parametric instanceof Linear && strategy != Strategy.MATERIALISED;
    this.part = part;
    this.layer = layer;
    this.rank = rank;
    this.in = parametric.inputSize();
    this.out = parametric.outputSize();
    this.wanted = wanted;
    this.columns = columns(parametric.parameters(), wanted);
    boolean count = strategy == Strategy.AUTO;
    boolean rows = !ghosts || strategy == Strategy.MATERIALISED;
    this.scoresFromRows = rows || (count && rowCost() < ghostCost());
    this.selfFromRows = rows || (count && rowSelfCost() < ghostSelfCost());
  }

  private static long columns(List<Parameter> tensors, boolean[] wanted) {
    long columns = 0;
    for (int p = 0; p < wanted.length; p++) {
      columns += wanted[p] ? tensors.get(p).size() : 0;
    }
    return columns;
  }

  /** Of a linear layer: whether the weight is wanted. */
  private boolean weight() {
    return wanted[0];
  }

  /** Of a linear layer: whether the bias is wanted. */
  private boolean bias() {
    return wanted[1];
  }

  private static double cost(double operations, double numbers) {
    return operations + OPERATIONS_PER_NUMBER * numbers;
  }

  /** Of a pair's score from factors: two Gram matrices of rank² entries, written and read. */
  private double ghostCost() {
    double entries = (double) rank * rank;
    return cost(2 * entries * ((weight() ? in : 0) + out + 1), 2 * entries * (weight() ? 2 : 1));
  }

  /** Of a pair's score from rows: a dot product, and shares of making and of reading the rows. */
  private double rowCost() {
    double size = columns;
    double making = weight() ? 2 * rank * size : 0;
    return cost(2 * size + making / TYPICAL_TESTS, 2 * size / TYPICAL_TESTS + size / TYPICAL_TILE);
  }

  /** Of a sample's self-influence from factors, which are read for it alone. */
  private double ghostSelfCost() {
    return ghostCost() + cost(0, (double) rank * ((weight() ? in : 0) + out));
  }

  /** Of a sample's self-influence from its row, written and read for it alone. */
  private double rowSelfCost() {
    double size = columns;
    return cost(2 * size + (weight() ? 2 * rank * size : 0), 2 * size);
  }

  /**
   * The layers of a model that the selection touches.
   *
   * @param draws m
   */
  static List<LayerProducts> of(
      Model model, int draws, ParameterSelection selection, Strategy strategy) {
    List<LayerProducts> products = new ArrayList<>();
    for (int p = 0; p < model.parts().size(); p++) {
      Sequential part = model.parts().get(p);
      int tensors = part.layers().stream().mapToInt(l -> l.parameters().size()).sum();
      int tensor = 0;
      for (int k = 0; k < part.layers().size(); k++) {
        Layer layer = part.layers().get(k);
        boolean[] wanted = new boolean[layer.parameters().size()];
        boolean any = false;
        for (int q = 0; q < wanted.length; q++) {
          wanted[q] = selection.includes(part, tensor++, tensors);
          any |= wanted[q];
        }
        if (any) {
          int rank = p == 0 ? 1 : draws;
          products.add(new LayerProducts(p, k, rank, layer, wanted, strategy));
        }
      }
    }
    selection.requireSome(products, model);
    return products;
  }

  /** Elements of a materialised row. */
  long columns() {
    return columns;
  }

  /** Elements of the test side's rows per test sample, 0 if scores come from factors. */
  long testColumns() {
    return scoresFromRows ? columns() : 0;
  }

  /**
   * Bytes that the products of t tests with n training samples, and of the latter with themselves,
   * take while they are computed.
   */
  long memory(GradientOps gradients, int t, int n, boolean self) {
    long scores =
        t == 0 || scoresFromRows ? 0 : gradients.ghostProductsMemory(t, rank, n, rank, weight());
    long own = !self || selfFromRows ? 0 : gradients.ghostDiagonalMemory(n, rank, weight());
    return Math.max(scores, own);
  }

  /** Elements of the training side's scratch per sample. */
  long trainColumns(boolean scores, boolean self) {
    return (scores && scoresFromRows) || (self && selfFromRows) ? columns() : 0;
  }

  private Buffer inputs(Pass pass) {
    return pass.tapes().get(part).input(layer);
  }

  private Buffer deltas(Pass pass) {
    return pass.tapes().get(part).delta(layer);
  }

  /** Writes a pass' gradients [count, columns] as rows. */
  void materialise(Backend backend, Pass pass, int from, int count, Buffer rows) {
    pass.tapes()
        .get(part)
        .gradientRows(backend, layer, from, count, rank, wanted, rows, Math.toIntExact(columns));
  }

  /**
   * scores[t,i] += w·⟨G_t, G_i⟩ for all tests of one pass and all samples of another.
   *
   * @param testRows materialised rows of the tests, if {@link #testColumns} is not 0
   * @param scratch for rows of training samples
   * @param scratchSamples how many rows of this layer fit it
   * @param scores [tests.count, train.count], accumulated
   */
  void addScores(
      Backend backend,
      Pass tests,
      Buffer testRows,
      Pass train,
      Buffer scratch,
      int scratchSamples,
      double w,
      Buffer scores) {
    int t = tests.count();
    int n = train.count();
    if (!scoresFromRows) {
      backend
          .gradients()
          .ghostProducts(
              t,
              rank,
              n,
              rank,
              in,
              out,
              inputs(tests),
              deltas(tests),
              inputs(train),
              deltas(train),
              weight(),
              bias(),
              w,
              scores,
              n);
      return;
    }
    int rowSize = Math.toIntExact(columns);
    for (int from = 0; from < n; from += scratchSamples) {
      int count = Math.min(scratchSamples, n - from);
      materialise(backend, train, from, count, scratch);
      Buffer target = scores.slice(from);
      backend
          .dense()
          .gemm(
              false, true, t, count, rowSize, w, testRows, rowSize, scratch, rowSize, 1, target, n);
    }
  }

  /**
   * products[i] += w·⟨G_i, G'_i⟩ between two passes over the same samples; the same pass twice
   * gives squared norms.
   *
   * @param scratch0 for rows of the first pass
   * @param scratch1 for rows of the second; unused if both are one pass
   */
  void addSelf(
      Backend backend,
      Pass first,
      Pass second,
      Buffer scratch0,
      Buffer scratch1,
      int scratchSamples,
      double w,
      Buffer products) {
    int n = first.count();
    if (!selfFromRows) {
      backend
          .gradients()
          .ghostDiagonal(
              n,
              rank,
              in,
              out,
              inputs(first),
              deltas(first),
              inputs(second),
              deltas(second),
              weight(),
              bias(),
              w,
              products);
      return;
    }
    int rowSize = Math.toIntExact(columns);
    for (int from = 0; from < n; from += scratchSamples) {
      int count = Math.min(scratchSamples, n - from);
      materialise(backend, first, from, count, scratch0);
      Buffer other = scratch0;
      if (second != first) {
        materialise(backend, second, from, count, scratch1);
        other = scratch1;
      }
      backend
          .gradients()
          .rowDots(count, rowSize, scratch0, other, rowSize, w, products.slice(from));
    }
  }
}
