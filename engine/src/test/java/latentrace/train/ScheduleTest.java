package latentrace.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {
  private static void check(String text, double... expected) {
    Schedule schedule = Schedule.parse(text);
    double[] actual =
        LongStream.rangeClosed(1, expected.length)
            .mapToDouble(i -> schedule.factor(i, expected.length))
            .toArray();
    assertArrayEquals(expected, actual, 1e-15, text);
  }

  @Test
  void factorsByHand() {
    check("constant", 1, 1, 1, 1);
    check("linear", 1, 0.75, 0.5, 0.25);
    double half = Math.sqrt(0.5);
    check("cosine", 1, (1 + half) / 2, 0.5, (1 - half) / 2);
    check("step:2:0.1", 1, 1, 0.1, 0.1, 0.01);
    check("step:3:2", 1, 1, 1, 2, 2, 2, 4);
    check("exponential:0.5", 1, 0.5, 0.25, 0.125);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Constant",
        "constant:1",
        "cosine:2",
        "step",
        "step:2",
        "step:0:0.1",
        "step:2:-1",
        "step:2.5:0.1",
        "step:a:0.1",
        "step:1:0.1:3",
        "exponential",
        "exponential:0",
        "exponential:x",
        "exponential:NaN",
        "step:2:NaN"
      })
  void whatIsNoSchedule(String text) {
    assertEquals(
        "schedule: found '"
            + text
            + "', expected constant, linear, cosine, step:EVERY:FACTOR or exponential:FACTOR",
        assertThrows(IllegalArgumentException.class, () -> Schedule.parse(text)).getMessage());
  }
}
