package latentrace.attribution;

import latentrace.data.InputException;

/**
 * What is explained at an input x: the function x̃ ↦ ⟨w, f(x̃)⟩ with weights w [H] that do not
 * depend on x̃.
 */
@FunctionalInterface
public interface Target {
  /**
   * The weights at one input.
   *
   * @param values f of many inputs, [.., H]
   * @param at where those of the input begin
   * @param size H
   * @param weights [.., H], overwritten from {@code at} on
   */
  void weights(float[] values, int at, int size, float[] weights);

  /** w = f(x): label-free (Crabbé &amp; van der Schaar 2022, section 2.1). */
  static Target labelFree() {
    return (values, at, size, weights) -> System.arraycopy(values, at, weights, at, size);
  }

  /** w = e_unit: one latent unit, or one class of a classifier. */
  static Target unit(int unit) {
    return (values, at, size, weights) -> {
      for (int h = 0; h < size; h++) {
        weights[at + h] = h == unit ? 1 : 0;
      }
    };
  }

  /** w is the same at every input. */
  static Target constant(float... w) {
    return (values, at, size, weights) -> System.arraycopy(w, 0, weights, at, size);
  }

  /**
   * Contrastive corpus similarity (Lin et al. 2023, "Contrastive Corpus Attribution for Explaining
   * Representations", COCOA): the mean cosine of f(x̃) with the samples of a corpus, minus that
   * with those of a foil. For an f of {@link Representation.Length#UNIT}.
   *
   * @param corpus f of its samples [.][H], at least one
   * @param foil f of its samples [.][H]; with none, the similarity to the corpus alone
   */
  static Target contrast(float[][] corpus, float[][] foil) {
    float[] weights = new float[corpus[0].length];
    for (float[] unit : corpus) {
      for (int h = 0; h < weights.length; h++) {
        weights[h] += unit[h] / corpus.length;
      }
    }
    for (float[] unit : foil) {
      for (int h = 0; h < weights.length; h++) {
        weights[h] -= unit[h] / foil.length;
      }
    }
    return constant(weights);
  }

  /**
   * The target of a name: {@code label-free}, {@code latent:L} or {@code class:K}.
   *
   * @param size H
   * @throws InputException if it is none of these, or there is no such unit
   */
  static Target parse(String name, int size) {
    if (name.equals("label-free")) {
      return labelFree();
    }
    int colon = name.indexOf(':');
    String kind = colon < 0 ? name : name.substring(0, colon);
    if (colon < 0 || !(kind.equals("latent") || kind.equals("class"))) {
      throw new InputException(
          "--target: found '%s', expected label-free, latent:L or class:K".formatted(name));
    }
    int unit;
    try {
      unit = Integer.parseInt(name.substring(colon + 1));
    } catch (NumberFormatException e) {
      unit = -1;
    }
    if (unit < 0 || unit >= size) {
      throw new InputException(
          "--target: found '%s', expected %s:0 to %s:%d".formatted(name, kind, kind, size - 1));
    }
    return unit(unit);
  }
}
