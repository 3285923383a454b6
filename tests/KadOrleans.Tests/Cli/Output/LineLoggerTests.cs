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
        using var reached = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var pipe = new Output(() =>
        {
            reached.Set();
            release.Wait();
        });
        using var provider = new LineLoggerProvider(pipe, stacks: false);
        var writing = Task.Run(() => Log(provider.CreateLogger("KadOrleans"), LogLevel.Error), TestContext.Current.CancellationToken);
        reached.Wait(TestContext.Current.CancellationToken);

        var closing = Task.Run(provider.Close, TestContext.Current.CancellationToken);
        release.Set();
        await closing;

        Assert.EndsWith("Z error message", pipe.ToString().TrimEnd(), StringComparison.Ordinal);
        await writing;
    }

    [Fact]
    public void A_log_that_cannot_be_written_fails_nobody()
    {
        var attempts = 0;
        using var disk = new Output(() =>
        {
            attempts++;
            throw new IOException("No space left on device");
        });
        using var loggers = LoggerFactory.Create(logging => logging.UseLines(disk, verbose: false));

        Log(loggers.CreateLogger("KadOrleans.Node"), LogLevel.Warning);

        Assert.Equal(1, attempts);
    }

    private static void Log(ILogger logger, LogLevel level) => logger.Log(level, default, "message", null, (state, _) => state);

    private sealed class Output(Action beforeLine) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            beforeLine();
            base.WriteLine(value);
        }
    }
}
