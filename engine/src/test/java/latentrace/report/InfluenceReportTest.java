package latentrace.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import latentrace.data.Dataset;
import latentrace.report.InfluenceReport.Inputs;
import latentrace.report.InfluenceReport.TrainingPoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class InfluenceReportTest {
  private static final Dataset TRAIN =
      Dataset.ofFloats("train", new int[] {1, 2, 2}, new float[16], new int[] {0, 1, 0, 1});
  private static final Dataset TEST =
      Dataset.ofFloats("test", new int[] {1, 2, 2}, new float[4], new int[] {1});
  private static final float[][] SCORES = {{1, 4, -2, 3}};
  private static final float[] SELF = {1, 2, 3, 4};
  private static final float[] LOSSES = {1, 2, 3, 4};
  private static final boolean[] INTRUDERS = {false, false, false, true};
  private static final List<TrainingPoint> HISTORY =
      List.of(new TrainingPoint(0, 9, 8, 1), new TrainingPoint(10, 5, 3, 2));
  private static final SortedMap<String, String> PROVENANCE = new TreeMap<>();

  static {
    PROVENANCE.put("seed", "7");
  }

  private static Inputs inputs(
      float[][] scores, float[] self, float[] losses, boolean[] intruders, Dataset test) {
    return new Inputs(
        "title", "words", TRAIN, test, scores, self, losses, intruders, HISTORY, PROVENANCE, 2);
  }

  private static List<String> sections(String page) throws Exception {
    NodeList found = Xhtml.parse(page).getElementsByTagName("section");
    List<String> names = new ArrayList<>();
    for (int i = 0; i < found.getLength(); i++) {
      names.add(((Element) found.item(i)).getAttribute("id"));
    }
    return names;
  }

  private static List<String> ids(Document document) {
    NodeList elements = document.getElementsByTagName("*");
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < elements.getLength(); i++) {
      Element element = (Element) elements.item(i);
      if (element.hasAttribute("id")) {
        ids.add(element.getAttribute("id"));
      }
    }
    return ids;
  }

  @Test
  void wholeReportHasEverySectionAndFigure(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("sub/report.html");
    InfluenceReport.write(file, inputs(SCORES, SELF, LOSSES, INTRUDERS, TEST));
    String page = Files.readString(file);
    assertEquals(
        List.of("influence", "self-influence", "scatter", "detection", "training", "provenance"),
        sections(page));
    assertTrue(page.contains("<dt>same class</dt><dd>100\u202f%</dd>"), page);
    assertTrue(page.contains("<dt>R²</dt><dd>1.00</dd>"));
    assertTrue(page.contains("<dt>AUC</dt><dd>1.000</dd>"));
    assertTrue(page.contains("Training sample 1, label 1; proponent 1, score 4.00"));
    assertTrue(page.contains("Training sample 2, label 0; opponent 1, score \u22122.00"));
    assertTrue(page.contains("Training sample 3, label 1; self-influence 4.00, intruder"));
    assertTrue(page.contains("<th scope=\"row\">seed</th><td>7</td>"));
  }

  @Test
  void sectionsVanishWithTheirInputs() throws Exception {
    assertEquals(
        List.of(),
        sections(
            InfluenceReport.html(
                new Inputs("t", null, TRAIN, null, null, null, null, null, null, null, 1))));
    assertEquals(
        List.of("influence", "training", "provenance"),
        sections(InfluenceReport.html(inputs(SCORES, null, LOSSES, INTRUDERS, null))));
    assertEquals(
        List.of("self-influence", "scatter", "training", "provenance"),
        sections(InfluenceReport.html(inputs(null, SELF, LOSSES, new boolean[4], TEST))));
    assertEquals(
        List.of("self-influence", "detection", "training", "provenance"),
        sections(InfluenceReport.html(inputs(null, SELF, null, INTRUDERS, TEST))));
  }

  @Test
  void textIsEscaped() throws Exception {
    String attack = "<script>alert('1 & \"2\"')</script>";
    SortedMap<String, String> provenance = new TreeMap<>();
    provenance.put(attack, attack);
    String page =
        InfluenceReport.html(
            new Inputs(attack, attack, TRAIN, null, null, null, null, null, null, provenance, 1));
    assertFalse(page.contains("<script"));
    Document document = Xhtml.parse(page);
    for (String tag : new String[] {"title", "h1", "th", "td"}) {
      assertEquals(attack, document.getElementsByTagName(tag).item(0).getTextContent());
    }
  }

  @Test
  void fabricatedRunIsSelfContainedDescribedAndRepeatable() throws Exception {
    Inputs run = FabricatedRun.inputs(160, 60, 3);
    String page = InfluenceReport.html(run);
    assertEquals(page, InfluenceReport.html(run));
    Document document = Xhtml.parse(page);
    NodeList images = document.getElementsByTagName("img");
    assertEquals(InfluenceReport.MAX_TEST_ROWS * (1 + 2 * 3) + 2 * 24, images.getLength());
    for (int i = 0; i < images.getLength(); i++) {
      Element image = (Element) images.item(i);
      assertTrue(image.getAttribute("src").startsWith("data:image/png;base64,"));
      assertFalse(image.getAttribute("alt").isBlank());
    }
    assertEquals(3, document.getElementsByTagName("svg").getLength());
    List<String> ids = ids(document);
    assertEquals(ids.stream().distinct().toList(), ids);
    assertTrue(page.contains("The first 50 of 60 test samples are shown."));
    for (String outside : new String[] {"src=\"http", "href=", "url(http", "@import", "<link"}) {
      assertFalse(page.contains(outside), outside);
    }
  }

  @Test
  void samplesWithoutPictureShowTheirNumbers() throws Exception {
    Dataset volumes = Dataset.ofFloats("volumes", new int[] {2, 1, 1}, new float[4], null);
    String page =
        InfluenceReport.html(
            new Inputs(
                "t", null, volumes, null, null, new float[] {1, 2}, null, null, null, null, 1));
    Xhtml.parse(page);
    assertFalse(page.contains("<img"));
    assertTrue(page.contains("title=\"Training sample 1; self-influence 2.00\""), page);
  }

  @Test
  void partsThatDoNotFitAreNamed() {
    assertMessage(
        "self-influence: 3, expected 4 as in training samples",
        () -> inputs(null, new float[3], null, null, null));
    assertMessage(
        "scores of test sample 0: 2, expected 4 as in training samples",
        () -> inputs(new float[1][2], null, null, null, null));
    assertMessage(
        "scores: 2, expected 1 as in test samples",
        () -> inputs(new float[2][4], null, null, null, TEST));
  }

  @Test
  void numbersAreShortAndPlain() {
    assertEquals("0", Pages.number(-0f));
    assertEquals("16,200", Pages.number(16_249f));
    assertEquals("1.00e+07", Pages.number(9_999_999f));
    assertEquals("\u22120.0123", Pages.number(-0.01234f));
    assertEquals("4.20e\u221209", Pages.number(4.2e-9f));
    assertEquals("100", Pages.number(99.96f));
    assertEquals("\u2212Infinity", Pages.number(Float.NEGATIVE_INFINITY));
  }

  private static void assertMessage(String expected, Runnable action) {
    assertEquals(expected, assertThrows(IllegalArgumentException.class, action::run).getMessage());
  }
}
