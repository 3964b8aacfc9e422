package latentrace.nn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;

/**
 * All parameters of a model as one flat vector, and their gradients as another: the optimiser
 * updates it in one call. Names are {@code <part>.<k>.weight|bias}, k counting the layers of the
 * part that have parameters.
 */
public final class Parameters implements AutoCloseable {
  private final Map<String, Parameter> named = new LinkedHashMap<>();
  private final Buffer values;
  private final Buffer gradients;

  /** Allocates memory for the parameters of all parts, zeros, and binds the layers to it. */
  public Parameters(Backend backend, List<Sequential> parts) {
    long total = 0;
    List<Parameter> all = new ArrayList<>();
    for (Sequential part : parts) {
      int k = 0;
      for (Layer layer : part.layers()) {
        for (Parameter parameter : layer.parameters()) {
          named.put(part.name() + "." + k + "." + parameter.name(), parameter);
          all.add(parameter);
          total = Math.addExact(total, parameter.size());
        }
        k += layer.parameters().isEmpty() ? 0 : 1;
      }
    }
    values = backend.allocate(total);
    try {
      gradients = backend.allocate(total);
    } catch (RuntimeException | Error e) {
      values.close();
      throw e;
    }
    long offset = 0;
    for (Parameter parameter : all) {
      parameter.bind(offset, values, gradients);
      offset += parameter.size();
    }
  }

  /** Parameters by name, in order. */
  public Map<String, Parameter> named() {
    return Collections.unmodifiableMap(named);
  }

  /** |θ|. */
  public long count() {
    return values.length();
  }

  /** All values [|θ|]. */
  public Buffer values() {
    return values;
  }

  /** All gradients [|θ|]. */
  public Buffer gradients() {
    return gradients;
  }

  /**
   * Sets all values at random; the same (scheme, seed) gives the same values on every backend, to
   * its precision.
   */
  public void initialise(Initialisation scheme, long seed) {
    int substream = 0;
    for (Parameter parameter : named.values()) {
      PhiloxRandom random = new PhiloxRandom(seed, Philox.ROLE_INITIALISATION, substream++);
      float[] initial = new float[parameter.size()];
      for (int i = 0; i < initial.length; i++) {
        initial[i] = (float) scheme.sample(parameter, random);
      }
      parameter.value().upload(initial);
    }
  }

  @Override
  public void close() {
    values.close();
    gradients.close();
  }
}
