package latentrace.reference;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.LossOps;
import latentrace.backend.Reconstruction;

final class EjmlLosses extends LossOps {
  private static final double SMALLEST_NORM = 1e-12;

  EjmlLosses(Backend owner) {
    super(owner);
  }

  @Override
  protected void doReconstruction(
      Reconstruction kind,
      int rows,
      int draws,
      int features,
      Buffer output,
      Buffer target,
      Buffer values,
      double scale,
      Buffer dOutput) {
    EjmlBuffer o = (EjmlBuffer) output;
    EjmlBuffer x = (EjmlBuffer) target;
    EjmlBuffer v = (EjmlBuffer) values;
    EjmlBuffer d = (EjmlBuffer) dOutput;
    for (int r = 0; r < rows; r++) {
      int oBase = o.offset + r * features;
      int xBase = x.offset + r / draws * features;
      double sum = 0;
      for (int f = 0; f < features; f++) {
        sum += kind.value(o.data[oBase + f], x.data[xBase + f]);
      }
      v.data[v.offset + r] = sum;
      if (d != null) {
        int dBase = d.offset + r * features;
        for (int f = 0; f < features; f++) {
          d.data[dBase + f] = scale * kind.derivative(o.data[oBase + f], x.data[xBase + f]);
        }
      }
    }
  }

  @Override
  protected void doContrastive(
      int pairs,
      int features,
      double temperature,
      Buffer z,
      Buffer values,
      double scale,
      Buffer dZ) {
    EjmlBuffer from = (EjmlBuffer) z;
    EjmlBuffer v = (EjmlBuffer) values;
    int rows = 2 * pairs;
    double[] norms = new double[rows];
    double[][] units = new double[rows][features];
    for (int r = 0; r < rows; r++) {
      for (int f = 0; f < features; f++) {
        double value = from.data[from.offset + r * features + f];
        units[r][f] = value;
        norms[r] += value * value;
      }
      norms[r] = Math.max(Math.sqrt(norms[r]), SMALLEST_NORM);
      for (int f = 0; f < features; f++) {
        units[r][f] /= norms[r];
      }
    }
    // ∂ℓ_r/∂s_rq = softmax − onehot
    double[][] slopes = new double[rows][rows];
    for (int r = 0; r < rows; r++) {
      double sum = 0;
      for (int q = 0; q < rows; q++) {
        // |s| ≤ 1/temperature: the greatest that there can be is taken off
        slopes[r][q] = q == r ? 0 : Math.exp((dot(units[r], units[q]) - 1) / temperature);
        sum += slopes[r][q];
      }
      for (int q = 0; q < rows; q++) {
        slopes[r][q] = slopes[r][q] / sum - (q == (r ^ 1) ? 1 : 0);
      }
      double logSum = Math.log(sum) + 1 / temperature;
      double loss = logSum - dot(units[r], units[r ^ 1]) / temperature;
      v.data[v.offset + r / 2] = 0.5 * loss + (r % 2 == 0 ? 0 : v.data[v.offset + r / 2]);
    }
    if (dZ != null) {
      contrastiveBackward(units, norms, slopes, 0.5 * scale / temperature, (EjmlBuffer) dZ);
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int f = 0; f < a.length; f++) {
      sum += a[f] * b[f];
    }
    return sum;
  }

  private static void contrastiveBackward(
      double[][] units, double[] norms, double[][] slopes, double scale, EjmlBuffer dZ) {
    int features = units[0].length;
    for (int r = 0; r < units.length; r++) {
      double[] dUnit = new double[features];
      for (int q = 0; q < units.length; q++) {
        for (int f = 0; f < features; f++) {
          dUnit[f] += scale * (slopes[r][q] + slopes[q][r]) * units[q][f];
        }
      }
      double along = dot(dUnit, units[r]);
      for (int f = 0; f < features; f++) {
        dZ.data[dZ.offset + r * features + f] = (dUnit[f] - along * units[r][f]) / norms[r];
      }
    }
  }

  @Override
  protected void doCrossEntropy(
      int rows,
      int classes,
      Buffer output,
      Buffer labels,
      Buffer values,
      double scale,
      Buffer dOutput) {
    EjmlBuffer o = (EjmlBuffer) output;
    EjmlBuffer y = (EjmlBuffer) labels;
    EjmlBuffer v = (EjmlBuffer) values;
    EjmlBuffer d = (EjmlBuffer) dOutput;
    for (int r = 0; r < rows; r++) {
      int base = o.offset + r * classes;
      int label = (int) y.data[y.offset + r];
      double max = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < classes; c++) {
        max = Math.max(max, o.data[base + c]);
      }
      double sum = 0;
      for (int c = 0; c < classes; c++) {
        sum += Math.exp(o.data[base + c] - max);
      }
      double logSum = max + Math.log(sum);
      v.data[v.offset + r] = logSum - o.data[base + label];
      if (d != null) {
        int dBase = d.offset + r * classes;
        for (int c = 0; c < classes; c++) {
          double softmax = Math.exp(o.data[base + c] - logSum);
          d.data[dBase + c] = scale * (softmax - (c == label ? 1 : 0));
        }
      }
    }
  }
}
