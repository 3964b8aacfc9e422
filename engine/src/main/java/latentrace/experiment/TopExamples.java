package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import latentrace.data.Dataset;
import latentrace.model.Pretext.Task;
import latentrace.report.ImageGrid;
import latentrace.report.Statistics;

/** Figure 6: the training images most important for some test images, by the encoders' tasks. */
final class TopExamples implements Experiment<PappLab> {
  private static final int TESTS = 6;
  private static final int EACH = 5;
  private static final int SIZE = 48;

  @Override
  public String name() {
    return "figure6";
  }

  @Override
  public String title() {
    return "Figure 6: the most important training images, for encoders of different tasks, CIFAR-10";
  }

  private static Dataset corpus(PappLab lab) {
    Dataset train = lab.cifar().train();
    return train.range(0, Math.min(lab.scale().corpus(), train.count()));
  }

  private static Dataset tests(PappLab lab) {
    Dataset test = lab.cifar().test();
    return test.range(0, Math.min(TESTS, test.count()));
  }

  private static MatrixStage scores(PappLab lab, Task task) {
    return lab.examples(lab.encoder(lab.cifar(), task, 0), Likeness.DKNN, corpus(lab), tests(lab));
  }

  @Override
  public List<Stage<?>> stages(PappLab lab) {
    List<Stage<?>> stages = new ArrayList<>();
    for (Task task : Task.values()) {
      stages.add(scores(lab, task));
    }
    return stages;
  }

  @Override
  public Finding report(PappLab lab) {
    Dataset corpus = corpus(lab);
    Dataset tests = tests(lab);
    ImageGrid grid = new ImageGrid(SIZE);
    for (int t = 0; t < tests.count(); t++) {
      grid.row();
      if (t == 0) {
        grid.heading("test");
      }
      grid.add(tests, t);
      for (Task task : Task.values()) {
        grid.gap();
        if (t == 0) {
          grid.heading(Tasks.label(task));
        }
        for (int i : Statistics.topK(lab.get(scores(lab, task)).row(t), EACH)) {
          grid.add(
              corpus,
              i,
              corpus.label(i) == tests.label(t) ? ImageGrid.Frame.GOOD : ImageGrid.Frame.NONE);
        }
      }
    }
    List<String> notes = new ArrayList<>(lab.cifar().notes());
    notes.add("By DKNN; green: of the test image's class.");
    return Finding.figure(grid.picture(name(), title()), notes);
  }
}
