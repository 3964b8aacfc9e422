package latentrace.model;

import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.nn.Sequential;

/** A classifier: encoder x → code, head code → logits, ℓ = cross-entropy. */
public final class Classifier extends Model {
  /** Linear layers over the spec's widths and one linear layer on top, parameters all zero. */
  public Classifier(Backend backend, ModelSpec spec) {
    this(
        backend,
        spec,
        mlp("encoder", spec.activation(), spec.activation(), encoderWidths(spec, spec.latent())));
  }

  Classifier(Backend backend, ModelSpec spec, Sequential encoder) {
    super(
        backend,
        spec,
        encoder,
        mlp("head", spec.activation(), Activation.IDENTITY, spec.latent(), spec.classes()));
  }

  @Override
  public int noiseSize() {
    return 0;
  }

  @Override
  public Pass newPass(int capacity, int draws) {
    return new LabelledPass(capacity, draws);
  }

  private final class LabelledPass extends DeterministicPass {
    private final Buffer labels;

    LabelledPass(int capacity, int draws) {
      super(Classifier.this, capacity, draws);
      try {
        labels = allocate(capacity);
      } catch (RuntimeException | Error e) {
        closeAfter(e);
        throw e;
      }
    }

    @Override
    void staged(Dataset data, int[] positions, int from, int number) {
      if (!data.hasLabels()) {
        throw new InputException(data.name() + ": a classifier needs labels, there are none");
      }
      float[] classes = new float[number];
      for (int i = 0; i < classes.length; i++) {
        int label = data.label(positions[from + i]);
        if (label < 0 || label >= spec().classes()) {
          throw new InputException(
              "%s: label %d of sample %d, expected 0..%d"
                  .formatted(data.name(), label, positions[from + i], spec().classes() - 1));
        }
        classes[i] = label;
      }
      labels.upload(classes);
    }

    @Override
    void loss(Objective objective, Buffer output, Buffer values, double scale, Buffer dOutput) {
      backend()
          .losses()
          .crossEntropy(count(), spec().classes(), output, labels, values, scale, dOutput);
    }

    @Override
    void lossCurvature(Objective objective, double[] output, double[] probe, double[] target) {
      LossCurvature.softmax(objective.lossScale(), spec().classes(), output, probe, target);
    }
  }

  /**
   * Fraction of samples whose largest logit is their label, over a run's pass.
   *
   * @param pass one of this model's, after a run
   * @param data where its samples came from
   * @param positions the samples it was loaded with
   */
  public double accuracy(Pass pass, Dataset data, int... positions) {
    int classes = spec().classes();
    double[] logits = new double[pass.count() * classes];
    int last = parts().get(1).layers().size() - 1;
    pass.tapes().get(1).output(last).download(0, logits, 0, logits.length);
    int right = 0;
    for (int i = 0; i < pass.count(); i++) {
      int best = 0;
      for (int c = 1; c < classes; c++) {
        if (logits[i * classes + c] > logits[i * classes + best]) {
          best = c;
        }
      }
      right += best == data.label(positions[i]) ? 1 : 0;
    }
    return (double) right / pass.count();
  }
}
