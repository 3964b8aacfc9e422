package latentrace.influence.curvature;

import java.util.ArrayList;
import java.util.List;
import latentrace.backend.Buffer;
import latentrace.backend.ConvShape;
import latentrace.data.InputException;
import latentrace.influence.Gradients;
import latentrace.model.Pass;
import latentrace.nn.Conv2d;
import latentrace.nn.ConvTranspose2d;
import latentrace.nn.Layer;
import latentrace.nn.Linear;
import latentrace.nn.Parameter;
import latentrace.nn.Sequential;
import org.ejml.data.DMatrixRMaj;

/**
 * A part of the parameters as a matrix [L,R], in which a sample's gradient is G = Σ_k
 * left_k·right_kᵀ:
 *
 * <ul>
 *   <li>linear: left δ, right [a; 1], over draws (the 1 for the bias);
 *   <li>convolution: left δ at a position, right [the patch under the kernel; 1], over positions;
 *   <li>transposed convolution: left a at a position, right the patch of δ that it spreads to; its
 *       bias is a block of its own;
 *   <li>a bias alone, and tensors of other layers: left its gradient, right 1.
 * </ul>
 */
public final class KroneckerBlock {
  /** Reads the factors of one sample of a pass. */
  private interface Source {
    void read(int sample, DMatrixRMaj left, DMatrixRMaj right);
  }

  /** Values of a tensor without factors, at most. */
  private static final int MOST = 4096;

  private final int part;
  private final int layerIndex;
  private final Layer layer;
  private final int columns;
  private final int left;
  private final int weightAt;
  private final int biasAt;
  private final boolean byFactors;
  private Source source;

  private KroneckerBlock(
      int part,
      int layerIndex,
      Layer layer,
      int left,
      int columns,
      int weightAt,
      int biasAt,
      boolean byFactors) {
    this.part = part;
    this.layerIndex = layerIndex;
    this.layer = layer;
    this.left = left;
    this.columns = columns;
    this.weightAt = weightAt;
    this.biasAt = biasAt;
    this.byFactors = byFactors;
  }

  /** The blocks of the selected parameters. */
  public static List<KroneckerBlock> of(Gradients gradients) {
    List<KroneckerBlock> blocks = new ArrayList<>();
    List<Sequential> parts = gradients.model().parts();
    for (int p = 0; p < parts.size(); p++) {
      for (int k = 0; k < parts.get(p).layers().size(); k++) {
        Layer layer = parts.get(p).layers().get(k);
        if (!layer.parameters().isEmpty()) {
          add(blocks, gradients, p, k, layer);
        }
      }
    }
    return blocks;
  }

  private static void add(
      List<KroneckerBlock> blocks, Gradients gradients, int part, int index, Layer layer) {
    boolean product = layer instanceof Linear || layer instanceof Conv2d;
    Parameter weight = layer.parameters().get(0);
    boolean matrix = gradients.selects(weight) && (product || layer instanceof ConvTranspose2d);
    for (Parameter tensor : layer.parameters()) {
      if (!gradients.selects(tensor)) {
        continue;
      }
      int at = gradients.offset(tensor);
      if (tensor == weight && matrix) {
        int rows = weight.shape().get(0);
        Parameter bias = layer.parameters().get(1);
        int biasAt = product && gradients.selects(bias) ? gradients.offset(bias) : -1;
        blocks.add(
            new KroneckerBlock(part, index, layer, rows, weight.size() / rows, at, biasAt, true));
      } else if (!(matrix && product)) {
        blocks.add(vector(part, index, layer, tensor, at));
      }
    }
  }

  private static KroneckerBlock vector(int part, int index, Layer layer, Parameter tensor, int at) {
    if (tensor.size() > MOST) {
      throw new InputException(
          "a tensor of %d values of %s has no Kronecker factors, and is too large for one block (%d):"
                  .formatted(tensor.size(), layer.describe(), MOST)
              + " take another method, or other --parameters");
    }
    return new KroneckerBlock(part, index, layer, tensor.size(), 0, -1, at, false);
  }

  /** Which of the model's parts it belongs to. */
  public int part() {
    return part;
  }

  /** Whether it is a linear layer's weight, with or without its bias. */
  public boolean isLinear() {
    return byFactors && layer instanceof Linear;
  }

  /** L. */
  public int left() {
    return left;
  }

  /** R. */
  public int right() {
    return columns + (biasAt >= 0 ? 1 : 0);
  }

  /** Its part of a vector [P], as a matrix [L,R]. */
  public DMatrixRMaj gather(double... vector) {
    DMatrixRMaj matrix = new DMatrixRMaj(left, right());
    for (int l = 0; l < left; l++) {
      for (int r = 0; r < right(); r++) {
        matrix.set(l, r, vector[at(l, r)]);
      }
    }
    return matrix;
  }

  /** Sets its part of a vector [P]. */
  public void scatter(DMatrixRMaj matrix, double... vector) {
    for (int l = 0; l < left; l++) {
      for (int r = 0; r < right(); r++) {
        vector[at(l, r)] = matrix.get(l, r);
      }
    }
  }

  private int at(int l, int r) {
    return r < columns ? weightAt + l * columns + r : biasAt + l;
  }

  /** Has all blocks take the factors that a pass' tapes hold. */
  public static void load(List<KroneckerBlock> blocks, Gradients gradients, Pass pass) {
    int count = pass.count();
    double[][] rows =
        blocks.stream().allMatch(block -> block.byFactors)
            ? null
            : gradients.toDoubles(gradients.rowsOfFactors(count), count);
    for (KroneckerBlock block : blocks) {
      block.load(pass, rows);
    }
  }

  private void load(Pass pass, double[][] rows) {
    int count = pass.count();
    if (!byFactors) {
      source =
          (sample, l, r) -> {
            l.reshape(1, left);
            System.arraycopy(rows[sample], biasAt, l.data, 0, left);
            r.reshape(1, 1);
            r.set(0, 0, 1);
          };
      return;
    }
    int rank = part == 0 ? 1 : pass.draws();
    double[] a = values(pass.tapes().get(part).input(layerIndex), count * rank, layer.inputSize());
    double[] delta =
        values(pass.tapes().get(part).delta(layerIndex), count * rank, layer.outputSize());
    if (layer instanceof Linear) {
      source =
          (sample, l, r) -> {
            l.reshape(rank, left);
            System.arraycopy(delta, sample * rank * left, l.data, 0, rank * left);
            r.reshape(rank, right());
            r.fill(1);
            for (int j = 0; j < rank; j++) {
              System.arraycopy(a, (sample * rank + j) * columns, r.data, j * right(), columns);
            }
          };
    } else if (layer instanceof Conv2d conv) {
      source = (sample, l, r) -> images(conv.shape(), rank, sample, delta, a, l, r);
    } else {
      ConvShape shape = ((ConvTranspose2d) layer).shape();
      source = (sample, l, r) -> images(shape, rank, sample, a, delta, l, r);
    }
  }

  private static double[] values(Buffer buffer, int rows, int size) {
    double[] values = new double[Math.multiplyExact(rows, size)];
    buffer.download(0, values, 0, values.length);
    return values;
  }

  /**
   * Factors of one sample, loaded before.
   *
   * @param leftRows [k,L], overwritten
   * @param rightRows [k,R], overwritten
   */
  public void factors(int sample, DMatrixRMaj leftRows, DMatrixRMaj rightRows) {
    source.read(sample, leftRows, rightRows);
  }

  /**
   * A convolution's factors: left the small side's [OC] at each position, right the large side's
   * patch there, then 1 if the bias counts.
   */
  private void images(
      ConvShape s,
      int rank,
      int sample,
      double[] small,
      double[] large,
      DMatrixRMaj leftRows,
      DMatrixRMaj rightRows) {
    int positions = s.positions();
    leftRows.reshape(rank * positions, left);
    rightRows.reshape(rank * positions, right());
    rightRows.fill(1);
    for (int j = 0; j < rank; j++) {
      int image = sample * rank + j;
      for (int q = 0; q < positions; q++) {
        int row = j * positions + q;
        for (int oc = 0; oc < left; oc++) {
          leftRows.set(row, oc, small[(image * left + oc) * positions + q]);
        }
        patch(s, large, image * s.inputSize(), q, rightRows.data, row * right());
      }
    }
  }

  /** What lies under the kernel at a position, [C,KH,KW], zeros outside of the image. */
  private static void patch(
      ConvShape s, double[] images, int image, int position, double[] target, int at) {
    int top = position / s.outWidth() * s.strideHeight() - s.paddingHeight();
    int side = position % s.outWidth() * s.strideWidth() - s.paddingWidth();
    int next = at;
    for (int c = 0; c < s.channels(); c++) {
      for (int y = top; y < top + s.kernelHeight(); y++) {
        for (int x = side; x < side + s.kernelWidth(); x++) {
          boolean inside = y >= 0 && y < s.height() && x >= 0 && x < s.width();
          target[next++] = inside ? images[image + (c * s.height() + y) * s.width() + x] : 0;
        }
      }
    }
  }
}
