using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace KadOrleans.Server.Full;

// A process's credentials, read again for each connection. If the renewed ones cannot be used, the previous ones stay in use.
public sealed class RenewedCredentials(CredentialReader reader, Credentials first, TimeProvider time, ILogger<RenewedCredentials> logger)
{
    // Guards the fields below.
    private readonly Lock _gate = new();
    private Credentials _current = first;
    private string? _told;
    private bool _isEndTold;

    public string? FindFlaw(X509Certificate2 certificate, CertificateUse use, X509Chain? chain) =>
        reader.Policy.FindFlaw(certificate, use, Credentials.Flags(chain), time.GetUtcNow());

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

            if (!_isEndTold && _current.Certificate.NotAfter < time.GetUtcNow())
            {
                _isEndTold = true;
                logger.CertificateEnded(CertificatePolicy.Show(_current.Certificate), _current.Certificate.NotAfter.ToUniversalTime());
            }

            return _current;
        }
    }
}
