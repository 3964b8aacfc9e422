package latentrace.model;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * The task that an encoder learns its code for (Crabbé &amp; van der Schaar 2022, section 4.2):
 * what its training steps do to the input, and what they ask of the code. Anything but a training
 * step reads the input as it is.
 *
 * @param task what it is
 * @param strength σ of denoising, p of inpainting, else 0
 */
@JsonPropertyOrder({"task", "strength"})
public record Pretext(Task task, double strength) {
  /** Kinds of task, with their published strengths. */
  public enum Task {
    /** x from x. */
    RECONSTRUCTION(0),
    /** x from x + σ·ε, ε standard normal, not clipped. */
    DENOISING(0.3),
    /** x from itself with every value set to 0 with probability p. */
    INPAINTING(0.2),
    /**
     * The label from x: a linear layer on the code and the cross-entropy of its softmax. (The
     * published code takes the softmax twice, in the model and in the loss.)
     */
    CLASSIFICATION(0);

    private final double published;

    Task(double published) {
      this.published = published;
    }

    /** Whether a training step changes the input. */
    public boolean corrupts() {
      return published > 0;
    }
  }

  /** Checks the strength. */
  public Pretext {
    ModelSpec.require(
        task != null, "pretext", null, "reconstruction, denoising, inpainting or classification");
    boolean fits =
        switch (task) {
          case DENOISING -> strength >= 0 && Double.isFinite(strength);
          case INPAINTING -> strength >= 0 && strength < 1;
          case RECONSTRUCTION, CLASSIFICATION -> strength == 0;
        };
    ModelSpec.require(
        fits,
        "corruption",
        strength,
        switch (task) {
          case DENOISING -> "a number >= 0";
          case INPAINTING -> "a probability in [0, 1)";
          case RECONSTRUCTION, CLASSIFICATION -> "none: the input stays as it is";
        });
  }

  /** A task at its published strength: σ = 0.3, p = 0.2. */
  public static Pretext of(Task task) {
    return new Pretext(task, task.published);
  }
}
