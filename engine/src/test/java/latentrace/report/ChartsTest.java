package latentrace.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import latentrace.report.InfluenceReport.TrainingPoint;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class ChartsTest {
  @Test
  void thinningIsEvenAndKeepsBothEnds() {
    assertArrayEquals(new int[] {0, 1, 2}, ChartStyle.thin(3, 5));
    assertArrayEquals(new int[] {0, 3, 6, 9}, ChartStyle.thin(10, 4));
    assertArrayEquals(new int[0], ChartStyle.thin(0, 4));
    assertArrayEquals(new int[] {0}, ChartStyle.thin(9, 1));
    int[] many = ChartStyle.thin(Integer.MAX_VALUE, 800);
    assertEquals(Integer.MAX_VALUE - 1, many[799]);
  }

  @Test
  void scatterDrawsAtMostTheLimit() throws Exception {
    int count = 5000;
    Random random = new Random(1);
    float[] losses = new float[count];
    float[] selfInfluence = new float[count];
    boolean[] intruders = new boolean[count];
    for (int i = 0; i < count; i++) {
      losses[i] = random.nextFloat();
      selfInfluence[i] = random.nextFloat();
      intruders[i] = i % 4 == 0;
    }
    String svg = Charts.selfInfluenceAgainstLoss(losses, selfInfluence, intruders);
    Document document = Xhtml.parse(svg);
    int dots = document.getElementsByTagName("ellipse").getLength();
    // one more in the legend for each colour
    assertEquals(Charts.MAX_SCATTER_POINTS + 2, dots);
    assertEquals(svg, Charts.selfInfluenceAgainstLoss(losses, selfInfluence, intruders));
  }

  @Test
  void degenerateInputsStillDraw() throws Exception {
    Xhtml.parse(Charts.selfInfluenceAgainstLoss(new float[] {1}, new float[] {2}, null));
    Xhtml.parse(
        Charts.selfInfluenceAgainstLoss(
            new float[] {1, 1}, new float[] {2, 2}, new boolean[] {true, true}));
    Xhtml.parse(Charts.detection(new double[] {1}));
    Xhtml.parse(
        Charts.training(
            List.of(
                new TrainingPoint(0, Double.POSITIVE_INFINITY, 1, Double.NaN),
                new TrainingPoint(1, 5, -1, Double.NaN))));
  }

  @Test
  void chartsRefuseWhatTheyCannotDraw() {
    assertMessage(
        "training curve: 1 points, expected at least 2",
        () -> Charts.training(List.of(new TrainingPoint(0, 1, 1, 0))));
    TrainingPoint diverged = new TrainingPoint(0, Double.NaN, Double.NaN, Double.NaN);
    assertMessage(
        "training curve: no finite value", () -> Charts.training(List.of(diverged, diverged)));
    assertMessage(
        "self-influence against loss: no samples",
        () -> Charts.selfInfluenceAgainstLoss(new float[0], new float[0], null));
  }

  @Test
  void curveFillsTheHeightWhateverTheIterations() throws Exception {
    // the hidden point that makes for round ticks must not count for the vertical axis
    String svg =
        Charts.training(
            List.of(
                new TrainingPoint(1_000_000, 5, 4, 1),
                new TrainingPoint(1_000_010, 3, 2, 1),
                new TrainingPoint(1_000_020, 4, 3, 1)));
    NodeList lines = Xhtml.parse(svg).getElementsByTagName("line");
    double tallest = 0;
    for (int i = 0; i < lines.getLength(); i++) {
      Element line = (Element) lines.item(i);
      if (line.getAttribute("style").contains("rgb(47,109,179)")) {
        double from = Double.parseDouble(line.getAttribute("y1"));
        double to = Double.parseDouble(line.getAttribute("y2"));
        tallest = Math.max(tallest, Math.abs(to - from));
      }
    }
    assertTrue(tallest > 100, "reconstruction falls by " + tallest + " pixels");
  }

  @Test
  void elementsStandInAPage() {
    String svg = Charts.detection(new double[] {0.5, 1});
    assertTrue(svg.startsWith("<svg "), svg);
    assertTrue(svg.contains("id=\"detection-clip"), svg);
    assertTrue(svg.contains("url(#detection-clip"), svg);
  }

  private static void assertMessage(String expected, Runnable action) {
    assertEquals(expected, assertThrows(IllegalArgumentException.class, action::run).getMessage());
  }
}
