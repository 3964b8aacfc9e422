package latentrace.reference;

import latentrace.backend.Activation;
import latentrace.backend.ActivationOps;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;

final class EjmlActivations extends ActivationOps {
  EjmlActivations(Backend owner) {
    super(owner);
  }

  @Override
  protected void doForward(Activation activation, long length, Buffer x, Buffer y) {
    EjmlBuffer from = (EjmlBuffer) x;
    EjmlBuffer to = (EjmlBuffer) y;
    for (int i = 0; i < length; i++) {
      to.data[to.offset + i] = activation.value(from.data[from.offset + i]);
    }
  }

  @Override
  protected void doAdd(Activation activation, long length, Buffer a, Buffer b, Buffer y) {
    EjmlBuffer one = (EjmlBuffer) a;
    EjmlBuffer other = (EjmlBuffer) b;
    EjmlBuffer to = (EjmlBuffer) y;
    for (int i = 0; i < length; i++) {
      to.data[to.offset + i] =
          activation.value(one.data[one.offset + i] + other.data[other.offset + i]);
    }
  }

  @Override
  protected void doBackward(Activation activation, long length, Buffer y, Buffer dY, Buffer dX) {
    EjmlBuffer value = (EjmlBuffer) y;
    EjmlBuffer upstream = (EjmlBuffer) dY;
    EjmlBuffer to = (EjmlBuffer) dX;
    for (int i = 0; i < length; i++) {
      to.data[to.offset + i] =
          upstream.data[upstream.offset + i] * activation.derivative(value.data[value.offset + i]);
    }
  }
}
