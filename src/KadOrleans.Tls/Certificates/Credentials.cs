using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace KadOrleans.Tls.Certificates;

/// <summary>
/// What a process presents, and whom it trusts. Immutable; those that were replaced are left to the garbage collector, as
/// handshakes may still use them.
/// </summary>
internal sealed class Credentials
{
    private readonly X509Certificate2Collection? _authorities;

    /// <summary>Credentials of one reading.</summary>
    /// <param name="certificate">With its private key.</param>
    /// <param name="intermediates">Those between it and its authority.</param>
    /// <param name="authorities">Null for the system's roots.</param>
    /// <param name="fingerprint">Equal to that of another reading if nothing has changed.</param>
    public Credentials(
        X509Certificate2 certificate, X509Certificate2Collection intermediates, X509Certificate2Collection? authorities, string fingerprint)
    {
        (Certificate, _authorities, Fingerprint) = (certificate, authorities, fingerprint);

        // Offline: nothing is fetched from an address that a certificate names.
        Context = SslStreamCertificateContext.Create(certificate, intermediates, offline: true);
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>The certificate with those that are sent beside it.</summary>
    public SslStreamCertificateContext Context { get; }

    public string Fingerprint { get; }

    /// <summary>How chains of others' certificates are built: to the authorities, without I/O over the network.</summary>
    public X509ChainPolicy CreateChainPolicy()
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (_authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(_authorities);
        }

        return policy;
    }

    /// <summary>What others with the same authorities find when they build the chain of this certificate.</summary>
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

    /// <summary>All that was found while a chain was built.</summary>
    public static X509ChainStatusFlags Flags(X509Chain? chain) =>
        chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status) ?? X509ChainStatusFlags.PartialChain;
}

/// <summary>
/// The credentials of a process, looked at anew for each connection: what was renewed is taken, what cannot be used is
/// not.
/// </summary>
internal sealed class RenewedCredentials(CredentialReader reader, Credentials first, TimeProvider time, ILogger<RenewedCredentials> logger)
{
    // Guards the fields below.
    private readonly Lock _gate = new();
    private Credentials _current = first;
    private string? _told;
    private bool _isEndTold;

    /// <summary>Which certificates of others are acceptable.</summary>
    public CertificatePolicy Policy => reader.Policy;

    /// <summary>The present.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>The newest credentials that can be used.</summary>
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
                // Reported once: a file that is being replaced is read again at the next connection.
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
