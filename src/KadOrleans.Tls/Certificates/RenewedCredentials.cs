using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace KadOrleans.Tls.Certificates;

/// <summary>The credentials of a process, looked at anew for each connection: what was renewed is taken, what cannot be used is not.</summary>
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
                // Told once: a file that is being replaced is read again at the next connection.
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
