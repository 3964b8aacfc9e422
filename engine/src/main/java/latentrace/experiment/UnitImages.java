package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import latentrace.data.Dataset;
import latentrace.report.ImageGrid;

/**
 * Figure 4: the images that the latent units of β-VAEs respond to most, by feature visualisation.
 */
final class UnitImages implements Experiment<PappLab> {
  private static final int SIZE = 72;

  @Override
  public String name() {
    return "figure4";
  }

  @Override
  public String title() {
    return "Figure 4: images that the latent units of β-VAEs respond to most";
  }

  private static MatrixStage images(PappLab lab, double beta) {
    return lab.visualizations(lab.vae(lab.large(), false, beta, 0), lab.large());
  }

  @Override
  public List<Stage<?>> stages(PappLab lab) {
    return PappScale.BETAS.stream().<Stage<?>>map(beta -> images(lab, beta)).toList();
  }

  @Override
  public Finding report(PappLab lab) {
    ImageGrid grid = new ImageGrid(SIZE);
    int[] shape = lab.large().train().sampleShape();
    for (double beta : PappScale.BETAS) {
      float[][] rows = Measures.rows(lab.get(images(lab, beta)));
      grid.row();
      for (int k = 0; k < rows.length; k++) {
        if (beta == PappScale.BETAS.get(0)) {
          grid.heading("unit %d %s".formatted(k / 2, k % 2 == 0 ? "+" : "\u2212"));
        }
        grid.add(Dataset.ofFloats("unit", shape, rows[k], null), 0);
      }
    }
    List<String> notes = new ArrayList<>(lab.large().notes());
    notes.add(
        "Rows: β = 1, 5, 10; for each unit the image that it is highest at, and lowest; by Adam on"
            + " pixels, turned, moved and smoothed at every step.");
    return Finding.figure(grid.picture(name(), title()), notes);
  }
}
