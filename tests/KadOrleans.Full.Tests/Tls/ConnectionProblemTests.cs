using System.Net;
using System.Security.Authentication;
using KadOrleans.Tls.Connections;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Full.Tests.Tls;

/// <summary>What is said of connections that came to nothing, and how often.</summary>
public sealed class ConnectionProblemTests
{
    private static readonly IPEndPoint Other = new(IPAddress.Parse("10.0.0.7"), 4711);

    [Fact]
    public void Each_kind_is_logged_once_a_minute_with_the_count_of_the_others()
    {
        var (clock, log) = (new Clock(), new Lines());
        var problems = new ConnectionProblems(clock, log);
        for (var i = 0; i < 5; i++)
        {
            problems.Add(ConnectionProblem.CertificateRefused, $"refused {i}");
            problems.Add(ConnectionProblem.HandshakeFailed, $"failed {i}");
        }

        Assert.Equal(["refused 0", "failed 0"], log.Messages);
        clock.Seconds += 60;
        problems.Add(ConnectionProblem.CertificateRefused, "refused again");
        Assert.Equal("refused again 4 more such connections came since the last such line.", log.Messages[^1]);
        Assert.Equal("refused again", problems.Last);
    }

    [Fact]
    public void A_handshake_without_a_certificate_is_told_from_one_that_failed()
    {
        var rejected = new AuthenticationException("The remote certificate was rejected by the provided RemoteCertificateValidationCallback.");
        Assert.Equal(
            (ConnectionProblem.CertificateRefused, "A client at 10.0.0.7:4711 was refused: it presents no certificate; set Kad:Tls:Certificate or Kad:Tls:Store there."),
            HandshakeReport.Failed(ConnectionSide.Gateway, Other, null, rejected));
        Assert.Equal(
            (ConnectionProblem.CertificateRefused, "The silo at 10.0.0.7:4711 was refused: its certificate is not accepted."),
            HandshakeReport.Failed(ConnectionSide.Caller, Other, "its certificate is not accepted", rejected));
        Assert.Equal(
            (ConnectionProblem.HandshakeFailed, "A caller of the port for silos at 10.0.0.7:4711 was refused: the TLS handshake took too long."),
            HandshakeReport.Failed(ConnectionSide.SiloPort, Other, null, new OperationCanceledException()));
        Assert.Equal(
            "The silo at 10.0.0.7:4711 was refused: the TLS handshake failed (no TLS): it does not speak TLS, or it does not accept this process's certificate, as its log then says.",
            HandshakeReport.Failed(ConnectionSide.Caller, Other, null, new IOException("it ended", new IOException("no TLS."))).Sentence);
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
