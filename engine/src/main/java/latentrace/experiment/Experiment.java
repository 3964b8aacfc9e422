package latentrace.experiment;

import java.util.List;

/** A table or figure of a paper, or a few that one run gives. */
public interface Experiment {
  /** What it gives, as the command line names it: table1, figure15, … */
  List<String> ids();

  /** What it shows, one line. */
  String title();

  /** Runs it, or what of it is not kept from an earlier run. */
  Result run(Context context);
}
