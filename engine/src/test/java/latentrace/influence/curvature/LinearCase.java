package latentrace.influence.curvature;

import java.util.List;
import java.util.Random;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Reconstruction;
import latentrace.data.Dataset;
import latentrace.influence.Gradients;
import latentrace.influence.ParameterSelection;
import latentrace.influence.VaeTracIn.Settings;
import latentrace.model.Model;
import latentrace.model.ModelSpec;

/**
 * A linear auto-encoder with squared errors. With its encoder held fixed it is a linear regression
 * of x on the code, and its loss is convex.
 */
public final class LinearCase {
  /** Values of a sample. */
  public static final int FEATURES = 5;

  /** Values of a code. */
  public static final int CODE = 2;

  /** The model. */
  public static final ModelSpec SPEC = spec(ModelSpec.MLP_AUTOENCODER, List.of());

  private LinearCase() {}

  /** A model of this kind with these hidden widths, without activations. */
  public static ModelSpec spec(String model, List<Integer> hidden) {
    return new ModelSpec(
        model,
        List.of(FEATURES),
        hidden,
        CODE,
        3,
        Activation.IDENTITY,
        Activation.IDENTITY,
        Reconstruction.MSE,
        ModelSpec.OBJECTIVE_H,
        0.5,
        0,
        0,
        0,
        1);
  }

  /** Correlated Gaussian samples. */
  public static Dataset data(String name, int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count * FEATURES];
    for (int i = 0; i < count; i++) {
      double common = random.nextGaussian();
      for (int f = 0; f < FEATURES; f++) {
        values[i * FEATURES + f] = (float) (0.5 * f + common * (f - 2) + random.nextGaussian());
      }
    }
    return Dataset.ofFloats(name, new int[] {FEATURES}, values, null);
  }

  /** Random parameters everywhere. */
  public static Model model(Backend backend, ModelSpec spec, long seed) {
    Model model = Model.create(backend, spec);
    Random random = new Random(seed);
    double[] values = new double[(int) model.parameters().count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = 0.5 * random.nextGaussian();
    }
    model.parameters().values().upload(values);
    return model;
  }

  /** Gradients of a selection. */
  public static Gradients gradients(Model model, String parameters) {
    Settings settings =
        Settings.defaults(7)
            .withDraws(3)
            .withTile(13)
            .withParameters(ParameterSelection.parse(parameters));
    return new Gradients(model, settings, model.spec().objectiveAt(0), 0);
  }
}
