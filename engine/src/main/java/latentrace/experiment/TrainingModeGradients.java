package latentrace.experiment;

import java.util.List;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Cleanup;
import latentrace.checkpoint.Checkpoint;
import latentrace.data.Dataset;
import latentrace.influence.ParameterSelection;
import latentrace.model.Estimator;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.model.Pass;
import latentrace.model.Positions;
import latentrace.nn.Parameter;

/**
 * Products of encoder gradients as the code of Crabbé &amp; van der Schaar 2022 takes them: of one
 * sample at a time by a model in training mode, so that batch normalisation sees that sample only
 * and every gradient has a corruption of its own.
 */
final class TrainingModeGradients {
  private final Backend backend;
  private final ModelSpec spec;
  private final long seed;
  private final Listener listener;

  /**
   * Gradients of a model.
   *
   * @param seed of the corruptions
   */
  TrainingModeGradients(Backend backend, ModelSpec spec, long seed, Listener listener) {
    this.backend = backend;
    this.spec = spec;
    this.seed = seed;
    this.listener = listener;
  }

  /** Σ over checkpoints of ⟨g(train), g(test)⟩ [T][N]. */
  float[][] products(List<Checkpoint> checkpoints, Dataset train, Dataset test) {
    int n = train.count();
    int t = test.count();
    try (Cleanup cleanup = new Cleanup();
        Model model = Model.create(backend, spec);
        Pass pass = model.newPass(1, 1)) {
      List<Parameter> parameters = ParameterSelection.ENCODER.of(model);
      int size = parameters.stream().mapToInt(Parameter::size).sum();
      Buffer trainRows = cleanup.add(backend.allocate((long) n * size), Buffer::close);
      Buffer testRows = cleanup.add(backend.allocate((long) t * size), Buffer::close);
      Buffer products = cleanup.add(backend.allocate((long) t * n), Buffer::close);
      model.training(true);
      listener.started("gradients in training mode", (long) checkpoints.size() * (n + t), 0);
      long done = 0;
      for (int k = 0; k < checkpoints.size(); k++) {
        checkpoints.get(k).load(model);
        done = rows(pass, parameters, train, trainRows, done);
        done = rows(pass, parameters, test, testRows, done);
        backend
            .dense()
            .gemm(
                false,
                true,
                t,
                n,
                size,
                1,
                testRows,
                size,
                trainRows,
                size,
                k == 0 ? 0 : 1,
                products,
                n);
      }
      listener.finished();
      float[][] scores = new float[t][n];
      for (int i = 0; i < t; i++) {
        products.download((long) i * n, scores[i], 0, n);
      }
      return scores;
    }
  }

  /**
   * Gradients of all samples, as rows; a sample's corruption is keyed by how many came before it.
   */
  private long rows(Pass pass, List<Parameter> parameters, Dataset data, Buffer rows, long before) {
    int[] positions = Positions.upTo(data.count());
    long at = 0;
    for (int i = 0; i < data.count(); i++) {
      pass.load(data, positions, i, 1);
      pass.trainingNoise(seed, before + i + 1);
      pass.run(spec.objectiveAt(0), Estimator.PATHWISE, 1, Pass.Wanted.GRADIENTS);
      for (Parameter parameter : parameters) {
        rows.slice(at, parameter.size()).copyFrom(parameter.gradient());
        at += parameter.size();
      }
      listener.progressed(before + i + 1);
    }
    return before + data.count();
  }
}
