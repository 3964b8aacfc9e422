package latentrace.influence;

import java.util.ArrayList;
import java.util.List;
import latentrace.data.InputException;
import latentrace.model.Model;
import latentrace.nn.Layer;
import latentrace.nn.Parameter;
import latentrace.nn.Sequential;

/** Which parameter tensors count in a gradient inner product. */
public final class ParameterSelection {
  /** All of them. */
  public static final ParameterSelection ALL = new ParameterSelection("all", Integer.MAX_VALUE);

  /** The encoder's. */
  public static final ParameterSelection ENCODER =
      new ParameterSelection("encoder", Integer.MAX_VALUE);

  private final String text;
  private final int last;

  private ParameterSelection(String text, int last) {
    this.text = text;
    this.last = last;
  }

  /**
   * Parses {@code all}, {@code encoder}, {@code decoder} or {@code last:K} (the last K tensors of
   * each part: last:1 is its last bias, last:2 its last layer).
   *
   * @throws IllegalArgumentException if it is none of these
   */
  public static ParameterSelection parse(String text) {
    if (text.equals("all")) {
      return ALL;
    }
    if (text.equals("encoder") || text.equals("decoder")) {
      return new ParameterSelection(text, Integer.MAX_VALUE);
    }
    if (text.matches("last:[1-9]\\d{0,5}")) {
      return new ParameterSelection(text, Integer.parseInt(text.substring(5)));
    }
    throw new IllegalArgumentException(
        "parameters: found '%s', expected all, encoder, decoder or last:K".formatted(text));
  }

  /**
   * The tensors of a model that count, in the order of its flat vector.
   *
   * @throws InputException if there are none
   */
  public List<Parameter> of(Model model) {
    List<Parameter> selected = new ArrayList<>();
    for (Sequential part : model.parts()) {
      List<Parameter> tensors = new ArrayList<>();
      for (Layer layer : part.layers()) {
        tensors.addAll(layer.parameters());
      }
      for (int t = 0; t < tensors.size(); t++) {
        if (includes(part, t, tensors.size())) {
          selected.add(tensors.get(t));
        }
      }
    }
    requireSome(selected, model);
    return selected;
  }

  /** Refuses a selection of nothing. */
  void requireSome(List<?> selected, Model model) {
    if (selected.isEmpty()) {
      throw new InputException(
          "--parameters: '%s' selects nothing of a %s, whose parts are %s"
              .formatted(
                  this,
                  model.spec().model(),
                  model.parts().stream().map(Sequential::name).toList()));
    }
  }

  /**
   * Whether a tensor counts.
   *
   * @param part the part it belongs to
   * @param tensor its position among the part's tensors
   * @param tensors how many the part has
   */
  boolean includes(Sequential part, int tensor, int tensors) {
    boolean named = last != Integer.MAX_VALUE || this == ALL || text.equals(part.name());
    return named && tensor >= tensors - Math.min(last, tensors);
  }

  @Override
  public String toString() {
    return text;
  }
}
