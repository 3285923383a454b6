using Microsoft.Extensions.Logging;

namespace KadOrleans.Tests.Cli;

public sealed class LineLoggerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_message_is_one_line_whatever_is_in_it(bool verbose)
    {
        using var output = new StringWriter();
        using var loggers = LoggerFactory.Create(logging => logging.UseLines(output, verbose));

        loggers.CreateLogger("KadOrleans.Node").Log(
            LogLevel.Warning, default, "a\u001b[2J\nb", new InvalidOperationException("c\u202e\nd"), (state, _) => state);

        var lines = output.ToString().TrimEnd().Split(Environment.NewLine);
        Assert.EndsWith("Z warning a␛[2J␊b: c<U+202E>␊d", lines[0], StringComparison.Ordinal);
        Assert.Equal(verbose, lines.Length > 1);
        Assert.DoesNotContain('\u202e', output.ToString());
    }

    [Fact]
    public void An_exception_that_several_callers_log_is_logged_once_and_after_the_end_nothing_is()
    {
        using var output = new StringWriter();
        using var provider = new LineLoggerProvider(output, stacks: false);
        var (logger, cause) = (provider.CreateLogger("KadOrleans"), new IOException("gone"));

        Log("first", cause);
        Log("second", new InvalidOperationException("outer", cause));
        provider.Close();
        Log("third", null);

        Assert.EndsWith("Z error first: gone", Assert.Single(output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);

        void Log(string message, Exception? exception) => logger.Log(LogLevel.Error, default, message, exception, (state, _) => state);
    }

    [Fact]
    public async Task Closing_waits_for_the_line_that_is_being_written()
    {
        using var output = new SlowPipe();
        using var provider = new LineLoggerProvider(output, stacks: false);
        var logger = provider.CreateLogger("KadOrleans");
        var writing = Task.Run(() => logger.Log(LogLevel.Error, default, "message", null, (state, _) => state), TestContext.Current.CancellationToken);
        output.Reached.Wait(TestContext.Current.CancellationToken);

        var closing = Task.Run(provider.Close, TestContext.Current.CancellationToken);
        output.Release.Set();
        await closing;

        Assert.EndsWith("Z error message", output.ToString().TrimEnd(), StringComparison.Ordinal);
        await writing;
    }

    [Fact]
    public void A_log_that_cannot_be_written_fails_nobody()
    {
        using var output = new FullDisk();
        using var loggers = LoggerFactory.Create(logging => logging.UseLines(output, verbose: false));

        loggers.CreateLogger("KadOrleans.Node").Log(LogLevel.Warning, default, "message", null, (state, _) => state);

        Assert.Equal(1, output.Attempts);
    }

    private sealed class FullDisk : StringWriter
    {
        public int Attempts { get; private set; }

        public override void WriteLine(string? value)
        {
            Attempts++;
            throw new IOException("No space left on device");
        }
    }

    private sealed class SlowPipe : StringWriter
    {
        public ManualResetEventSlim Reached { get; } = new();

        public ManualResetEventSlim Release { get; } = new();

        public override void WriteLine(string? value)
        {
            Reached.Set();
            Release.Wait();
            base.WriteLine(value);
        }

        protected override void Dispose(bool disposing)
        {
            Reached.Dispose();
            Release.Dispose();
            base.Dispose(disposing);
        }
    }
}
