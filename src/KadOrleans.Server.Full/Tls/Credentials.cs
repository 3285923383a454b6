using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace KadOrleans.Server.Full;

/// <summary>
/// The certificate that a process presents, and the authorities that it trusts. Immutable. Replaced credentials are not disposed, as
/// handshakes may still use them.
/// </summary>
/// <param name="certificate">The certificate, with its private key.</param>
/// <param name="intermediates">The intermediates to send.</param>
/// <param name="authorities">Null: the system's roots are trusted.</param>
/// <param name="fingerprint">Equal for two readings if nothing has changed.</param>
internal sealed class Credentials(
    X509Certificate2 certificate, X509Certificate2Collection intermediates, X509Certificate2Collection? authorities, string fingerprint)
{
    public X509Certificate2 Certificate { get; } = certificate;

    // Offline: fetches nothing from an address in a certificate.
    public SslStreamCertificateContext Context { get; } = SslStreamCertificateContext.Create(certificate, intermediates, offline: true);

    public string Fingerprint { get; } = fingerprint;

    /// <summary>The policy to build chains of others' certificates: up to the authorities, without network I/O.</summary>
    public X509ChainPolicy CreateChainPolicy()
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return policy;
    }

    /// <summary>The flaws that others with the same authorities find in this certificate's chain.</summary>
    public X509ChainStatusFlags CheckChain()
    {
        using var chain = new X509Chain { ChainPolicy = CreateChainPolicy() };
        foreach (var intermediate in Context.IntermediateCertificates)
        {
            chain.ChainPolicy.ExtraStore.Add(intermediate);
        }

        chain.Build(Certificate);
        return Flags(chain);
    }

    public static X509ChainStatusFlags Flags(X509Chain? chain) =>
        chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status) ?? X509ChainStatusFlags.PartialChain;
}

/// <summary>
/// A process's credentials, read again for each connection. Renewed ones are used from then on. If they cannot be used, the previous ones
/// stay.
/// </summary>
internal sealed class RenewedCredentials(CredentialReader reader, Credentials first, TimeProvider time, ILogger<RenewedCredentials> logger)
{
    // Guards the fields below.
    private readonly Lock _gate = new();
    private Credentials _current = first;
    private string? _told;
    private bool _isEndTold;

    public CertificatePolicy Policy => reader.Policy;

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>The newest usable credentials.</summary>
    public Credentials Get()
    {
        lock (_gate)
        {
            try
            {
                var read = reader.Read(_current);
                if (read != _current)
                {
                    (_current, _isEndTold) = (read, false);
                    logger.CertificateRenewed(CertificatePolicy.Show(read.Certificate), read.Certificate.NotAfter.ToUniversalTime());
                }

                _told = null;
            }
            catch (OptionsValidationException mistake)
            {
                // Logged once. A file that is being replaced is read again at the next connection.
                var problem = mistake.Failures.First();
                if (problem != _told)
                {
                    _told = problem;
                    logger.CertificateNotRenewed(problem, _current.Certificate.NotAfter.ToUniversalTime());
                }
            }

            if (!_isEndTold && _current.Certificate.NotAfter < Now)
            {
                _isEndTold = true;
                logger.CertificateEnded(CertificatePolicy.Show(_current.Certificate), _current.Certificate.NotAfter.ToUniversalTime());
            }

            return _current;
        }
    }
}

/// <summary>The log messages of TLS. Event ids 7400 to 7499.</summary>
internal static partial class TlsLog
{
    [LoggerMessage(7400, LogLevel.Information, "New connections present the renewed certificate {Subject}, which expires at {End:yyyy-MM-dd HH:mm} UTC")]
    public static partial void CertificateRenewed(this ILogger logger, string subject, DateTime end);

    [LoggerMessage(7401, LogLevel.Warning,
        "The certificate on the disk or in the store cannot be used, and new connections present the previous one, which expires at {End:yyyy-MM-dd HH:mm} UTC: {Problem}")]
    public static partial void CertificateNotRenewed(this ILogger logger, string problem, DateTime end);

    [LoggerMessage(7403, LogLevel.Error,
        "The certificate {Subject} expired at {End:yyyy-MM-dd HH:mm} UTC, and others refuse new connections: replace it")]
    public static partial void CertificateEnded(this ILogger logger, string subject, DateTime end);
}
