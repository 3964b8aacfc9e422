package latentrace.workload;

import latentrace.Listener;
import latentrace.attribution.FeatureImportance;
import latentrace.attribution.IntegratedGradients;
import latentrace.attribution.IntegratedGradients.Rule;
import latentrace.attribution.Representation;
import latentrace.attribution.Target;
import latentrace.backend.Backend;
import latentrace.data.Dataset;
import latentrace.model.Model;
import latentrace.model.ModelSpec;

/**
 * Label-free integrated gradients (Crabbé &amp; van der Schaar 2022) of an encoder's code from a
 * black baseline. The amount is samples.
 */
public final class AttributionWorkload implements Workload {
  private final Model model;
  private final Representation representation;
  private final IntegratedGradients method;
  private final Dataset data;
  private double[] outcome;

  /**
   * Prepares it.
   *
   * @param spec see {@link PaperModels}
   * @param samples N
   * @param steps points of the path
   */
  public AttributionWorkload(Backend backend, ModelSpec spec, int samples, int steps) {
    data = PaperModels.images(spec, "samples", samples, 0);
    method = new IntegratedGradients(new float[data.sampleSize()], steps, Rule.GAUSS_LEGENDRE);
    model = PaperModels.model(backend, spec);
    try {
      representation =
          new Representation(model, Representation.Depth.ENCODER, Representation.DEFAULT_CAPACITY);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  @Override
  public void run() {
    float[][] found =
        FeatureImportance.of(representation, Target.labelFree(), method, data, Listener.SILENT)
            .attributions();
    outcome = Workload.flat(found);
  }

  @Override
  public double amount() {
    return data.count();
  }

  @Override
  public double[] outcome() {
    return outcome;
  }

  @Override
  public void close() {
    representation.close();
    model.close();
  }
}
