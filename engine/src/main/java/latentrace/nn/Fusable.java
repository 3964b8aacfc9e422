package latentrace.nn;

import latentrace.backend.Activation;

/** A layer that can apply an activation to its result in the same pass. */
interface Fusable extends Layer {
  /** The activation fused in. */
  Activation activation();

  /** The same layer on the same parameters, with another activation. */
  Layer withActivation(Activation f);
}
