package latentrace.reference;

import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.RecurrentOps;

final class EjmlRecurrent extends RecurrentOps {
  EjmlRecurrent(Backend owner) {
    super(owner);
  }

  @Override
  protected void doLstmCellForward(
      int rows,
      int hidden,
      Buffer gates,
      int ldGates,
      Buffer bias,
      Buffer previous,
      Buffer cell,
      int ldCell,
      Buffer h,
      int ldH,
      Buffer next,
      int ldNext) {
    EjmlBuffer z = (EjmlBuffer) gates;
    EjmlBuffer b = (EjmlBuffer) bias;
    EjmlBuffer before = (EjmlBuffer) previous;
    EjmlBuffer c = (EjmlBuffer) cell;
    EjmlBuffer out = (EjmlBuffer) h;
    EjmlBuffer copy = (EjmlBuffer) next;
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < hidden; j++) {
        for (int k = j; k < 4 * hidden; k += hidden) {
          int at = z.offset + r * ldGates + k;
          boolean isCandidate = k / hidden == 2;
          double sum = z.data[at] + b.data[b.offset + k];
          z.data[at] = isCandidate ? Math.tanh(sum) : Activation.sigmoid(sum);
        }
        int gate = z.offset + r * ldGates + j;
        double i = z.data[gate];
        double f = z.data[gate + hidden];
        double g = z.data[gate + 2 * hidden];
        double o = z.data[gate + 3 * hidden];
        double kept = before == null ? 0 : f * before.data[before.offset + r * ldCell + j];
        double state = kept + i * g;
        c.data[c.offset + r * ldCell + j] = state;
        double value = o * Math.tanh(state);
        out.data[out.offset + r * ldH + j] = value;
        if (copy != null) {
          copy.data[copy.offset + r * ldNext + j] = value;
        }
      }
    }
  }

  @Override
  protected void doLstmCellBackward(
      int rows,
      int hidden,
      Buffer gates,
      Buffer delta,
      int ldGates,
      Buffer previous,
      Buffer cell,
      int ldCell,
      Buffer dH,
      int ldDH,
      Buffer dC) {
    EjmlBuffer a = (EjmlBuffer) gates;
    EjmlBuffer to = (EjmlBuffer) delta;
    EjmlBuffer before = (EjmlBuffer) previous;
    EjmlBuffer c = (EjmlBuffer) cell;
    EjmlBuffer upstream = (EjmlBuffer) dH;
    EjmlBuffer carried = (EjmlBuffer) dC;
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < hidden; j++) {
        int gate = a.offset + r * ldGates + j;
        double i = a.data[gate];
        double f = a.data[gate + hidden];
        double g = a.data[gate + 2 * hidden];
        double o = a.data[gate + 3 * hidden];
        double squashed = Math.tanh(c.data[c.offset + r * ldCell + j]);
        double dh = upstream.data[upstream.offset + r * ldDH + j];
        int at = carried.offset + r * hidden + j;
        double e = carried.data[at] + dh * o * (1 - squashed * squashed);
        double cBefore = before == null ? 0 : before.data[before.offset + r * ldCell + j];
        int d = to.offset + r * ldGates + j;
        to.data[d] = e * g * i * (1 - i);
        to.data[d + hidden] = e * cBefore * f * (1 - f);
        to.data[d + 2 * hidden] = e * i * (1 - g * g);
        to.data[d + 3 * hidden] = dh * squashed * o * (1 - o);
        carried.data[at] = e * f;
      }
    }
  }
}
