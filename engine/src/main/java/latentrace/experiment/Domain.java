package latentrace.experiment;

import java.util.List;
import java.util.stream.IntStream;
import latentrace.data.Dataset;

/**
 * Data that encoders are trained on and examined with.
 *
 * @param name for people
 * @param train what they are trained on
 * @param test what is explained
 * @param baseline what a masked feature becomes [D]
 * @param regime how they are trained
 * @param notes what stands in for what
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record Domain(
    String name,
    Dataset train,
    Dataset test,
    float[] baseline,
    PappScale.Regime regime,
    List<String> notes) {
  /** Classes, as far as the largest label says. */
  int classes() {
    return Math.max(PappScale.CLASSES, 1 + IntStream.of(train.labels()).max().orElse(0));
  }

  /** C of [C,H,W]; 1 of a series. */
  int channels() {
    int[] shape = train.sampleShape();
    return shape.length == 3 ? shape[0] : 1;
  }
}
