package latentrace.reference;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.LossOps;
import latentrace.backend.Reconstruction;

final class EjmlLosses extends LossOps {
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
