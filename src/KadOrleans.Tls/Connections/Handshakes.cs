using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using KadOrleans.Hosting;
using KadOrleans.Hosting.Cluster.Connections;
using KadOrleans.Tls.Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Orleans.Connections.Security;

namespace KadOrleans.Tls.Connections;

/// <summary>
/// The outcome of one connection's TLS handshake. TLS callbacks do not know their connection, so they find it in the asynchronous flow.
/// </summary>
internal sealed class Handshake
{
    private static readonly AsyncLocal<Handshake?> Flow = new();

    /// <summary>The handshake of this asynchronous flow; null outside of one.</summary>
    public static Handshake? Current => Flow.Value;

    /// <summary>The flaw of the remote certificate.</summary>
    public CertificateFlaw Flaw { get; private set; }

    /// <summary>The flaw in words, as the end of a sentence.</summary>
    public string? Refusal { get; private set; }

    /// <summary>The failure, if it was not a certificate.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Starts a handshake: all code that this flow calls and awaits belongs to it.</summary>
    public static Handshake Begin() => Flow.Value = new Handshake();

    public void Refuse(CertificateFlaw flaw, X509Certificate2 certificate, string explanation) =>
        (Flaw, Refusal) = (flaw, $"its certificate {CertificatePolicy.Show(certificate)} is not accepted: {explanation}");

    public void Fail(Exception exception) => Failure = exception;
}

/// <summary>Middleware outside TLS: reports failed handshakes and their reasons.</summary>
internal sealed class HandshakeWatch(ConnectionDelegate next, ConnectionSide side, ConnectionProblems problems)
{
    /// <summary>Sets up a connection and serves it to its end.</summary>
    public async Task RunAsync(ConnectionContext connection)
    {
        var handshake = Handshake.Begin();
        await next(connection);
        if (connection.Features.Get<ITlsHandshakeFeature>() is null or { Protocol: SslProtocols.None })
        {
            var (kind, sentence) = HandshakeReport.Failed(side, connection.RemoteEndPoint, handshake.Refusal, handshake.Failure);
            problems.Add(kind, sentence);
        }
    }
}

/// <summary>
/// Captures why a handshake failed. Orleans only logs it, with a stack trace for each connection and without its address. So this wraps the
/// connection builder, and provides the logger of Orleans' TLS middleware.
/// </summary>
internal sealed class HandshakeFailures(IConnectionBuilder builder) : IConnectionBuilder, IServiceProvider, ILoggerFactory, ILogger
{
    public IServiceProvider ApplicationServices => this;

    public ConnectionDelegate Build() => builder.Build();

    public IConnectionBuilder Use(Func<ConnectionDelegate, ConnectionDelegate> middleware) => builder.Use(middleware);

    public object? GetService(Type serviceType) =>
        serviceType == typeof(ILoggerFactory) ? this : builder.ApplicationServices.GetService(serviceType);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (exception is not null)
        {
            Handshake.Current?.Fail(exception);
        }
    }

    public void Dispose()
    {
        // It holds nothing.
    }
}

/// <summary>Explains failed connections in a sentence, without I/O.</summary>
internal static class HandshakeReport
{
    /// <summary>Explains a failed handshake.</summary>
    /// <param name="side">This process's side.</param>
    /// <param name="other">The other side's address.</param>
    /// <param name="refusal">The flaw of its certificate, if that was not accepted.</param>
    /// <param name="failure">Any other failure of the handshake.</param>
    public static (ConnectionProblem Kind, string Sentence) Failed(ConnectionSide side, EndPoint? other, string? refusal, Exception? failure)
    {
        var beginning = $"{side.OtherName} {other} was refused: ";
        if (refusal is not null)
        {
            return (ConnectionProblem.CertificateRefused, $"{beginning}{refusal}.");
        }

        var reason = failure is null ? "it ended" : Phrases.ReasonOf(failure);
        return failure switch
        {
            OperationCanceledException => (ConnectionProblem.HandshakeFailed, $"{beginning}the TLS handshake took too long."),

            // A presented certificate would have been judged, so there was none.
            AuthenticationException { InnerException: null } when !side.IsCaller && failure.Message.Contains("certificate", StringComparison.Ordinal) =>
                (ConnectionProblem.CertificateRefused, $"{beginning}it presents no certificate; set Kad:Tls:Certificate or Kad:Tls:Store there."),
            _ => (ConnectionProblem.HandshakeFailed,
                $"{beginning}the TLS handshake failed ({reason}): it does not speak TLS, or it does not accept this process's certificate, as its log then says."),
        };
    }

}
