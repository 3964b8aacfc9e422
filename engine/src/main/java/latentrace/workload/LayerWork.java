package latentrace.workload;

import java.util.ArrayList;
import java.util.List;
import latentrace.backend.Backends;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.nn.ConvTranspose2d;
import latentrace.nn.Layer;
import latentrace.nn.Lstm;
import latentrace.nn.Parameter;
import latentrace.nn.Sequential;

/**
 * What a layer with weights must do for one row of input, for counting operations.
 *
 * @param part 0 for the encoder, 1 for the decoder
 * @param inputs numbers that it reads
 * @param outputs numbers that it writes
 * @param weights of its weight
 * @param positions at which these are used: 1 of a linear layer, the steps of a recurrent one
 */
public record LayerWork(int part, int inputs, int outputs, long weights, int positions) {
  /** Multiplications of a forward pass; as many as of each gradient. */
  public double products() {
    return (double) weights * positions;
  }

  /** The layers with weights of a model, in order. */
  public static List<LayerWork> of(ModelSpec spec) {
    List<LayerWork> works = new ArrayList<>();
    try (var backend = Backends.open("ejml");
        Model model = Model.create(backend, spec)) {
      for (int p = 0; p < model.parts().size(); p++) {
        Sequential part = model.parts().get(p);
        for (Layer layer : part.layers()) {
          if (!layer.parameters().isEmpty()) {
            long weights = 0;
            for (Parameter parameter : layer.parameters()) {
              weights += parameter.name().startsWith("weight") ? parameter.size() : 0;
            }
            works.add(
                new LayerWork(p, layer.inputSize(), layer.outputSize(), weights, positions(layer)));
          }
        }
      }
    }
    return works;
  }

  private static int positions(Layer layer) {
    if (layer instanceof Lstm lstm) {
      return lstm.steps();
    }
    // of both convolutions, the side that the weight's first extent counts the channels of
    int size = layer instanceof ConvTranspose2d ? layer.inputSize() : layer.outputSize();
    return size / layer.parameters().get(0).shape().get(0);
  }
}
