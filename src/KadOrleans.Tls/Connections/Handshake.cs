using System.Security.Cryptography.X509Certificates;
using KadOrleans.Tls.Certificates;

namespace KadOrleans.Tls.Connections;

/// <summary>What one connection's handshake came to. The callbacks that judge it know no connection: they find it by the asynchronous flow that they run in.</summary>
internal sealed class Handshake
{
    private static readonly AsyncLocal<Handshake?> Flow = new();

    /// <summary>That of the connection that this flow sets up; null outside of one.</summary>
    public static Handshake? Current => Flow.Value;

    /// <summary>What was wrong with the other side's certificate.</summary>
    public CertificateFlaw Flaw { get; private set; }

    /// <summary>The same in words, as the end of a sentence.</summary>
    public string? Refusal { get; private set; }

    /// <summary>What ended it, if that was no certificate.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Begins one: what is called and awaited from here belongs to it.</summary>
    public static Handshake Begin() => Flow.Value = new Handshake();

    public void Refuse(CertificateFlaw flaw, X509Certificate2 certificate, string explanation) =>
        (Flaw, Refusal) = (flaw, $"its certificate {CertificatePolicy.Show(certificate)} is not accepted: {explanation}");

    public void Fail(Exception exception) => Failure = exception;
}
