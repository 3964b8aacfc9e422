package latentrace.data;

import java.util.ArrayList;
import java.util.List;
import latentrace.backend.PhiloxRandom;

/**
 * Hand-designed characters, each in one or more styles. A style is a path as in SVG with absolute
 * M, L, Q and C, in a box about 60 wide and 100 high, y downwards.
 */
final class Glyphs {
  private static final double JITTER = 2.8;
  private static final double CONTROL_JITTER = 1.2;
  private static final int LINE_STEPS = 8;
  private static final int CURVE_STEPS = 14;

  static final Glyphs DIGITS =
      new Glyphs(
          new String[][] {
            {
              "M 34 3 C 8 2 2 30 2 52 C 2 78 14 98 32 98 C 54 98 62 76 62 50 C 62 24 54 4 32 3",
              "M 44 10 C 16 -8 0 26 2 54 C 4 84 16 100 34 98 C 58 95 66 66 62 40 C 59 16 48 0 26 10",
              "M 30 4 C 14 4 10 30 10 52 C 10 78 18 98 30 98 C 44 98 50 76 50 50 C 50 24 44 4 30 4"
            },
            {"M 32 2 L 28 98", "M 12 24 L 32 2 L 32 98", "M 12 22 L 32 2 L 32 97 M 10 97 L 54 97"},
            {
              "M 6 22 C 12 -4 54 -4 56 26 C 57 48 24 70 4 96 L 62 94",
              "M 6 20 C 16 -4 54 -2 54 26 C 54 52 34 78 18 92 C 4 102 -4 84 10 80 C 24 76 36 98 66 88",
              "M 4 10 C 20 -2 56 0 52 24 C 50 40 20 76 4 95 Q 34 86 60 97"
            },
            {
              "M 6 14 C 16 -4 54 -4 54 23 C 54 42 36 47 22 47 C 42 47 60 54 58 74 C 56 104 12 104 4 84",
              "M 6 4 L 54 4 L 26 40 C 50 38 62 56 58 74 C 54 102 16 102 4 86",
              "M 8 12 Q 52 -12 52 20 Q 52 42 20 47 Q 62 46 58 74 Q 50 110 2 88"
            },
            {
              "M 12 4 C 10 24 6 44 4 56 L 62 54 M 48 6 L 44 98",
              "M 46 98 L 46 2 L 2 64 L 64 64",
              "M 10 6 C 2 40 2 58 20 58 C 36 58 46 50 54 34 M 56 4 C 54 40 48 74 44 98"
            },
            {
              "M 54 4 L 16 4 L 12 44 C 30 34 60 40 58 68 C 56 100 18 104 4 88",
              "M 16 8 L 10 46 C 30 34 60 42 56 70 C 52 102 16 102 2 86 M 16 7 L 60 2",
              "M 58 4 C 38 6 20 2 16 12 C 12 26 10 34 16 42 C 40 42 62 54 54 78 C 46 100 14 102 4 88"
            },
            {
              "M 46 2 C 18 14 2 46 4 72 C 6 106 54 106 56 76 C 58 48 18 46 5 76",
              "M 36 2 C 22 30 6 52 6 74 C 6 102 54 104 54 76 C 54 52 22 50 8 72",
              "M 52 12 C 34 -8 4 22 4 62 C 4 108 56 108 56 74 C 56 46 20 44 6 66"
            },
            {
              "M 4 8 L 58 4 C 44 34 28 66 24 98",
              "M 4 6 L 56 5 C 44 34 30 66 22 98 M 14 52 L 56 49",
              "M 5 24 L 7 6 L 58 6 C 42 36 32 66 30 98"
            },
            {
              "M 52 16 C 40 -6 8 -2 10 24 C 12 44 54 50 56 74 C 58 106 4 106 6 74 C 8 52 54 42 50 14",
              "M 30 47 C 2 45 4 2 31 2 C 58 2 56 45 30 47 C -4 50 -2 98 30 98 C 62 98 62 50 30 47"
            },
            {
              "M 54 24 C 50 -6 6 -4 6 27 C 6 56 50 54 54 24 L 52 98",
              "M 54 26 C 50 -6 6 -4 6 27 C 6 56 52 54 54 24 C 58 60 48 104 12 94",
              "M 50 10 C 28 -6 4 10 6 30 C 10 54 46 46 52 10 C 52 40 44 70 36 98"
            },
          });

  static final Glyphs LETTERS =
      new Glyphs(
          new String[][] {
            {"M 2 98 L 32 2 L 62 98 M 14 62 L 50 62"},
            {
              "M 54 4 L 8 4 L 8 96 L 56 96 M 8 48 L 46 48",
              "M 8 4 L 8 96 M 8 4 L 54 4 M 8 50 L 44 48 M 8 96 L 56 95"
            },
            {"M 8 98 L 8 4 L 56 4 M 8 48 L 46 48", "M 10 3 L 8 98 M 6 5 L 58 2 M 9 50 L 44 46"},
            {"M 6 2 L 6 98 M 56 2 L 56 98 M 6 50 L 56 48"},
            {"M 8 2 L 8 98 M 56 4 L 10 54 L 58 98"},
            {"M 2 98 L 8 2 L 36 64 L 64 2 L 70 98", "M 4 98 L 4 4 L 34 50 L 64 4 L 64 98"},
            {"M 6 98 L 6 2 L 56 98 L 56 2"},
            {"M 8 98 L 8 3 C 68 -4 66 52 10 50 L 58 98"},
            {"M 2 4 L 62 4 M 32 4 L 32 98"},
            {
              "M 2 2 L 18 98 L 36 30 L 54 98 L 70 2",
              "M 2 4 Q 10 98 20 96 L 36 36 Q 48 98 56 96 L 70 4"
            },
            {"M 4 2 L 60 98 M 58 2 L 4 98"},
            {"M 4 2 L 32 46 L 60 2 M 32 46 L 32 98", "M 6 2 L 34 48 M 60 2 L 14 98"},
          });

  /** A path: its commands M, L, Q, C and their points as x, y, x, y, … */
  private record Path(String commands, List<Double> coordinates) {}

  private final List<List<Path>> styles = new ArrayList<>();

  private Glyphs(String[][] paths) {
    for (String[] ofGlyph : paths) {
      List<Path> parsed = new ArrayList<>();
      for (String path : ofGlyph) {
        parsed.add(parse(path));
      }
      styles.add(parsed);
    }
  }

  private static Path parse(String text) {
    StringBuilder commands = new StringBuilder();
    List<Double> coordinates = new ArrayList<>();
    for (String token : text.split(" ", -1)) {
      if (Character.isLetter(token.charAt(0))) {
        commands.append(token);
      } else {
        coordinates.add(Double.valueOf(token));
      }
    }
    return new Path(commands.toString(), coordinates);
  }

  /** Number of characters. */
  int count() {
    return styles.size();
  }

  /**
   * A character in a random style, its control points moved at random.
   *
   * @return strokes as polylines x, y, x, y, …
   */
  List<double[]> strokes(int glyph, PhiloxRandom random) {
    List<Path> choices = styles.get(glyph);
    Path path = choices.get(random.nextInt(choices.size()));
    double[] points = jittered(path, random);
    List<double[]> strokes = new ArrayList<>();
    List<Double> stroke = new ArrayList<>();
    int at = 0;
    for (char command : path.commands.toCharArray()) {
      if (command == 'M') {
        addStroke(strokes, stroke);
        stroke.add(points[at]);
        stroke.add(points[at + 1]);
        at += 2;
      } else {
        int degree = "LQC".indexOf(command) + 1;
        flatten(points, at - 2, degree, stroke);
        at += 2 * degree;
      }
    }
    addStroke(strokes, stroke);
    return strokes;
  }

  /**
   * The path's points, moved at random. The control points of a curve go with its ends, so that
   * smooth joints stay nearly smooth.
   */
  private static double[] jittered(Path path, PhiloxRandom random) {
    double[] points = new double[path.coordinates.size()];
    double[] shift = new double[2];
    int at = 0;
    for (char command : path.commands.toCharArray()) {
      int inner = Math.max(0, "LQC".indexOf(command));
      double[] endShift = {JITTER * random.nextGaussian(), JITTER * random.nextGaussian()};
      for (int k = 0; k <= inner; k++) {
        double[] with = k == 0 && inner > 0 ? shift : endShift;
        double own = k < inner ? CONTROL_JITTER : 0;
        for (int axis = 0; axis < 2; axis++, at++) {
          points[at] = path.coordinates.get(at) + with[axis] + own * random.nextGaussian();
        }
      }
      shift = endShift;
    }
    return points;
  }

  private static void addStroke(List<double[]> strokes, List<Double> stroke) {
    if (!stroke.isEmpty()) {
      strokes.add(stroke.stream().mapToDouble(Double::doubleValue).toArray());
      stroke.clear();
    }
  }

  /** Adds the points of a Bézier curve after its first, by de Casteljau's algorithm. */
  private static void flatten(double[] points, int from, int degree, List<Double> stroke) {
    int steps = degree == 1 ? LINE_STEPS : CURVE_STEPS;
    double[] work = new double[2 * degree + 2];
    for (int step = 1; step <= steps; step++) {
      double t = (double) step / steps;
      System.arraycopy(points, from, work, 0, work.length);
      for (int level = degree; level > 0; level--) {
        for (int k = 0; k < 2 * level; k++) {
          work[k] += t * (work[k + 2] - work[k]);
        }
      }
      stroke.add(work[0]);
      stroke.add(work[1]);
    }
  }
}
