package latentrace.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Cleanup;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;

/**
 * All parameters of a model as one flat vector, and their gradients as another: the optimiser
 * updates it in one call. Running statistics are a third. Names are {@code
 * <part>.<layer>.weight|bias|running_mean|running_var}.
 */
public final class Parameters implements AutoCloseable {
  private final Map<String, Parameter> named = new LinkedHashMap<>();
  private final Map<String, Parameter> namedStatistics = new LinkedHashMap<>();
  private final Buffer values;
  private final Buffer gradients;
  private final Buffer statistics;

  /**
   * Allocates memory for the parameters of all parts, zeros, and binds the layers to it. Statistics
   * begin as those of normal values.
   */
  public Parameters(Backend backend, List<Sequential> parts) {
    for (Sequential part : parts) {
      for (int k = 0; k < part.layers().size(); k++) {
        for (Parameter parameter : part.layers().get(k).parameters()) {
          add(named, part.nameOf(k, parameter), parameter);
        }
        for (Parameter statistic : part.layers().get(k).statistics()) {
          add(namedStatistics, part.nameOf(k, statistic), statistic);
        }
      }
    }
    Cleanup cleanup = new Cleanup();
    try {
      values = cleanup.add(backend.allocate(total(named)), Buffer::close);
      gradients = cleanup.add(backend.allocate(total(named)), Buffer::close);
      statistics = cleanup.add(backend.allocate(total(namedStatistics)), Buffer::close);
      bind(named, values, gradients);
      bind(namedStatistics, statistics, null);
      for (Parameter statistic : namedStatistics.values()) {
        statistic.value().fill(statistic.start() == Parameter.Start.ONES ? 1 : 0);
      }
    } catch (RuntimeException | Error e) {
      cleanup.closeAfter(e);
      throw e;
    }
  }

  private static void add(Map<String, Parameter> tensors, String name, Parameter tensor) {
    if (tensors.putIfAbsent(name, tensor) != null) {
      throw new IllegalArgumentException("two parameters are called " + name);
    }
  }

  private static long total(Map<String, Parameter> tensors) {
    long total = 0;
    for (Parameter tensor : tensors.values()) {
      total = Math.addExact(total, tensor.size());
    }
    return total;
  }

  private static void bind(Map<String, Parameter> tensors, Buffer values, Buffer gradients) {
    long offset = 0;
    for (Parameter tensor : tensors.values()) {
      tensor.bind(offset, values, gradients);
      offset += tensor.size();
    }
  }

  /** Parameters by name, in order. */
  public Map<String, Parameter> named() {
    return Collections.unmodifiableMap(named);
  }

  /** Parameters, then running statistics, by name: what a checkpoint keeps. */
  public Map<String, Parameter> state() {
    Map<String, Parameter> all = new LinkedHashMap<>(named);
    all.putAll(namedStatistics);
    return Collections.unmodifiableMap(all);
  }

  /** All running statistics; of length 0 for most models. */
  public Buffer statistics() {
    return statistics;
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
    statistics.close();
  }
}
