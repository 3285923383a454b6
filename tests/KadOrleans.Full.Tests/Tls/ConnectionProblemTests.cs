using Microsoft.Extensions.Logging;

namespace KadOrleans.Full.Tests;

/// <summary>What is said of connections that came to nothing, and how often.</summary>
public sealed class ConnectionProblemTests
{
    [Fact]
    public void Each_kind_is_logged_once_a_minute()
    {
        var (clock, log) = (new Clock(), new Lines());
        var problems = new ConnectionProblems(clock, log);
        for (var i = 0; i < 5; i++)
        {
            problems.Add(ConnectionProblem.CertificateRefused, $"refused {i}");
            problems.Add(ConnectionProblem.EndedEarly, $"failed {i}");
        }

        Assert.Equal(["refused 0", "failed 0"], log.Messages);
        clock.Seconds += 60;
        problems.Add(ConnectionProblem.CertificateRefused, "refused again");
        Assert.Equal("refused again", log.Messages[^1]);
    }

    private sealed class Clock : TimeProvider
    {
        public long Seconds { get; set; } = 1;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }

    private sealed class Lines : ILogger<ConnectionProblems>
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Messages.Add(formatter(state, exception));
    }
}
