package latentrace.tests.device;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs test classes in this JVM and prints a line for each test. */
final class TestRun {
  static final String MARK = "@test";
  static final String PASSED = "passed";
  static final String SKIPPED = "skipped";
  static final String FAILED = "failed";

  private TestRun() {}

  /**
   * Runs all tests of packages.
   *
   * @param arguments a pattern of class names, then packages
   */
  public static void main(String[] arguments) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(
                Arrays.stream(arguments).skip(1).map(DiscoverySelectors::selectPackage).toList())
            .filters(ClassNameFilter.includeClassNamePatterns(arguments[0]))
            .build();
    Printer printer = new Printer();
    LauncherFactory.create().execute(request, printer);
    System.out.flush();
    System.exit(printer.failures.get() == 0 ? 0 : 1);
  }

  private static final class Printer implements TestExecutionListener {
    final AtomicInteger failures = new AtomicInteger();
    private TestPlan plan;

    @Override
    public void testPlanExecutionStarted(TestPlan testPlan) {
      plan = testPlan;
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
      print(SKIPPED, test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      String message = result.getThrowable().map(Throwable::toString).orElse("");
      switch (result.getStatus()) {
        case SUCCESSFUL -> {
          if (test.isTest()) {
            print(PASSED, test, "");
          }
        }
        case ABORTED -> print(SKIPPED, test, message);
        case FAILED -> {
          failures.incrementAndGet();
          print(FAILED, test, message);
          result.getThrowable().ifPresent(Throwable::printStackTrace);
        }
      }
    }

    private void print(String status, TestIdentifier test, String message) {
      StringBuilder name = new StringBuilder(test.getDisplayName());
      Optional<TestIdentifier> parent = plan.getParent(test);
      while (parent.isPresent() && parent.get().getParentId().isPresent()) {
        name.insert(0, parent.get().getDisplayName() + " ");
        parent = plan.getParent(parent.get());
      }
      System.out.printf("%s\t%s\t%s\t%s%n", MARK, status, name, message.replaceAll("\\s+", " "));
    }
  }
}
