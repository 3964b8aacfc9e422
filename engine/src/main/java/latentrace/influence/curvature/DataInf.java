package latentrace.influence.curvature;

import java.util.List;
import latentrace.Listener;
import latentrace.backend.Philox;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.influence.Gradients;
import latentrace.influence.Gradients.Range;

/**
 * DataInf (Kwon et al. 2023, eq. 5): per layer, the inverse of a mean is exchanged for the mean of
 * inverses, which have a closed form:
 *
 * <p>C⁻¹v = (1/N)·Σ_i (g_i g_iᵀ + λI)⁻¹v = (1/λ)·(v − (1/N)·Σ_i g_i·(g_iᵀv)/(λ + ‖g_i‖²)),
 *
 * <p>g_i the gradients of single training samples in the layer, λ = damping + relativeDamping·(mean
 * square of their elements); Kwon et al. take 0.1 for the latter.
 */
public final class DataInf implements InverseCurvature {
  private final Gradients gradients;
  private final Dataset data;
  private final Listener listener;
  private final List<Range> layers;
  private final double[] damping;

  /** Takes each layer's λ, in one pass over {@code data}. */
  public DataInf(
      Gradients gradients,
      Dataset data,
      double damping,
      double relativeDamping,
      Listener listener) {
    this.gradients = gradients;
    this.data = data;
    this.listener = listener;
    this.layers = gradients.layers();
    this.damping = new double[layers.size()];
    visit(
        (row, norms) -> {
          for (int l = 0; l < norms.length; l++) {
            double elements = (double) data.count() * layers.get(l).size();
            this.damping[l] += relativeDamping * norms[l] / elements;
          }
        });
    for (int l = 0; l < this.damping.length; l++) {
      this.damping[l] += damping;
      if (!(this.damping[l] > 0)) {
        throw new InputException(
            "DataInf: layer %d has no gradients and no damping: give --damping".formatted(l));
      }
    }
  }

  /** Hears a sample's gradient [P] and its squared norms by layer. */
  private interface Visitor {
    void visit(double[] row, double... squaredNorms);
  }

  private void visit(Visitor visitor) {
    listener.started("DataInf", data.count(), 0);
    double[] norms = new double[layers.size()];
    for (int from = 0; from < data.count(); from += gradients.tile()) {
      int count = Math.min(gradients.tile(), data.count() - from);
      double[][] rows =
          gradients.toDoubles(gradients.rows(data, Philox.ROLE_TRAIN_SIDE, from, count), count);
      for (double[] row : rows) {
        for (int l = 0; l < norms.length; l++) {
          norms[l] = dot(layers.get(l), row, row);
        }
        visitor.visit(row, norms);
      }
      listener.progressed(from + count);
    }
    listener.finished();
  }

  private static double dot(Range range, double[] a, double[] b) {
    double sum = 0;
    for (int i = range.from(); i < range.from() + range.size(); i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  @Override
  public double[][] solve(double[][] vectors) {
    double[][] solutions = InverseCurvature.IDENTITY.solve(vectors);
    visit(
        (row, norms) -> {
          for (int k = 0; k < vectors.length; k++) {
            for (int l = 0; l < norms.length; l++) {
              Range layer = layers.get(l);
              double factor = dot(layer, row, vectors[k]) / (damping[l] + norms[l]) / data.count();
              for (int i = layer.from(); i < layer.from() + layer.size(); i++) {
                solutions[k][i] -= factor * row[i];
              }
            }
          }
        });
    for (double[] solution : solutions) {
      for (int l = 0; l < damping.length; l++) {
        Range layer = layers.get(l);
        for (int i = layer.from(); i < layer.from() + layer.size(); i++) {
          solution[i] /= damping[l];
        }
      }
    }
    return solutions;
  }
}
