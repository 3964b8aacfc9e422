package latentrace.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChartStyleTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0.04, 0.04",
    "0.30000000000000004, 0.3",
    "-2500, '-2,500'",
    "0.00002, 0.00002",
    "0.0000025, 2.5E-6",
    "2.5E9, 2.5E9",
    "97.5, 97.5"
  })
  void axesHaveAZeroBeforeThePoint(double value, String expected) {
    assertEquals(expected, ChartStyle.tick(value));
  }
}
