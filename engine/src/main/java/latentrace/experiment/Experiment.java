package latentrace.experiment;

import java.util.List;

/**
 * One table or figure of a paper.
 *
 * @param <L> the lab that it happens in
 */
interface Experiment<L extends Lab> {
  /** What the command line calls it, e.g. table1. */
  String name();

  /** One line, e.g. Table 1: the strongest proponent of a training sample is itself. */
  String title();

  /** What has to be done before {@link #report}. */
  List<Stage<?>> stages(L lab);

  /** Reads the stages' results and makes numbers and pictures of them. */
  Finding report(L lab);
}
