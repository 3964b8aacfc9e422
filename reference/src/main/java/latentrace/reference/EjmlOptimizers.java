package latentrace.reference;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.OptimizerOps;

final class EjmlOptimizers extends OptimizerOps {
  EjmlOptimizers(Backend owner) {
    super(owner);
  }

  @Override
  protected void doSgd(
      long length,
      Buffer parameters,
      Buffer gradients,
      Buffer velocity,
      double lr,
      double momentum,
      boolean nesterov,
      double weightDecay) {
    EjmlBuffer p = (EjmlBuffer) parameters;
    EjmlBuffer g = (EjmlBuffer) gradients;
    EjmlBuffer v = (EjmlBuffer) velocity;
    for (int i = 0; i < length; i++) {
      double step = g.data[g.offset + i] + weightDecay * p.data[p.offset + i];
      if (momentum != 0) {
        double speed = momentum * v.data[v.offset + i] + step;
        v.data[v.offset + i] = speed;
        step = nesterov ? step + momentum * speed : speed;
      }
      p.data[p.offset + i] -= lr * step;
    }
  }

  @Override
  protected void doAdam(
      long length,
      long step,
      Buffer parameters,
      Buffer gradients,
      Buffer mean,
      Buffer variance,
      double lr,
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay) {
    EjmlBuffer p = (EjmlBuffer) parameters;
    EjmlBuffer g = (EjmlBuffer) gradients;
    EjmlBuffer m = (EjmlBuffer) mean;
    EjmlBuffer v = (EjmlBuffer) variance;
    double stepSize = lr / (1 - Math.pow(beta1, (double) step));
    double rootCorrection = Math.sqrt(1 - Math.pow(beta2, (double) step));
    for (int i = 0; i < length; i++) {
      double slope = g.data[g.offset + i] + weightDecay * p.data[p.offset + i];
      double first = beta1 * m.data[m.offset + i] + (1 - beta1) * slope;
      double second = beta2 * v.data[v.offset + i] + (1 - beta2) * slope * slope;
      m.data[m.offset + i] = first;
      v.data[v.offset + i] = second;
      p.data[p.offset + i] -= stepSize * first / (Math.sqrt(second) / rootCorrection + epsilon);
    }
  }
}
