package latentrace.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;
import org.junit.jupiter.api.Test;

class ResultTableTest {
  private static SummaryStatistics of(double... values) {
    SummaryStatistics summary = new SummaryStatistics();
    for (double value : values) {
      summary.addValue(value);
    }
    return summary;
  }

  @Test
  void estimates() {
    Estimate rate = Estimate.rate(3, 4);
    assertEquals(0.75, rate.value(), 0);
    assertEquals(Math.sqrt(0.75 * 0.25 / 4), rate.standardError(), 1e-15);
    assertEquals("0.750 ± 0.217", rate.text());
    Estimate mean = Estimate.mean(of(1, 2, 6), 2); // variance 7
    assertEquals(Math.sqrt(7.0 / 3), mean.standardError(), 1e-15);
    assertEquals("3.00 ± 1.53", mean.text());
    Estimate spread = Estimate.spread(of(1, 2, 6), 2);
    assertEquals("3.00 ± 2.65", spread.text());
    assertEquals("4.00", Estimate.mean(of(4), 2).text());
    assertEquals("12", Estimate.of(12, 90, 0).text());
  }

  @Test
  void bothForms() {
    ResultTable table =
        new ResultTable(
            "table1",
            "Table 1: x",
            List.of("One.", "Two."),
            "smoke",
            7,
            List.of(
                ResultTable.Row.of("a|b", "0.9", Estimate.rate(3, 4)),
                ResultTable.Row.text("words", "near, far", "so")));
    assertEquals(
        """
        quantity,published,ours,value,standard_deviation,standard_error,n,scale,seed
        a|b,0.9,0.750 ± 0.217,0.75,,%s,4,smoke,7
        words,"near, far",so,,,,,smoke,7
        """
            .formatted(Math.sqrt(0.75 * 0.25 / 4)),
        table.csv());
    assertEquals(
        """
        ### Table 1: x

        | | published | ours | n |
        |---|---|---|---|
        | a\\|b | 0.9 | 0.750 ± 0.217 | 4 |
        | words | near, far | so |  |

        Scale smoke, seed 7. One. Two.
        """,
        table.markdown());
  }

  /** Where a row has what the published way gives, the table has a column of it. */
  @Test
  void threeColumns() {
    ResultTable table =
        new ResultTable(
            "table1",
            "Table 1: x",
            List.of("One."),
            "smoke",
            7,
            List.of(
                ResultTable.Row.compared(
                    "a", "0.4", Estimate.of(0.5, 2, 1), Estimate.of(0.25, 3, 2)),
                ResultTable.Row.of("b", "", Estimate.of(1, 1, 0))));
    assertEquals(
        """
        quantity,published,ours,value,standard_deviation,standard_error,n,scale,seed,as_published,as_published_value,as_published_standard_error
        a,0.4,0.25,0.25,,,3,smoke,7,0.5,0.5,
        b,,1,1.0,,,1,smoke,7,,,
        """,
        table.csv());
    assertEquals(
        """
        ### Table 1: x

        | | published | as published, re-run | done right | n |
        |---|---|---|---|---|
        | a | 0.4 | 0.5 | 0.25 | 3 |
        | b |  |  | 1 | 1 |

        Scale smoke, seed 7. One.
        """,
        table.markdown());
  }

  /** Shares of 0.5 and 0.25 in bins of width 2; the highest value belongs to the last bin. */
  @Test
  void densitiesIntegrateToOne() {
    assertArrayEquals(
        new double[] {0.25, 0.125, 0.125},
        Plots.density(new double[] {0, 1, 2, 6}, 0, 2, 3),
        1e-12);
  }
}
