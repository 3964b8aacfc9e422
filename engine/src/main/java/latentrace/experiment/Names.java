package latentrace.experiment;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** What a mistyped name may have meant. */
final class Names {
  private Names() {}

  /** The name with the least edit distance; the first of them. */
  static String nearest(String typed, List<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(name -> editDistance(typed, name)))
        .orElseThrow();
  }

  /** Insertions, deletions and substitutions that make one of the other (Levenshtein). */
  static int editDistance(String from, String to) {
    int[] row = new int[to.length() + 1];
    Arrays.setAll(row, j -> j);
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int substituted = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
