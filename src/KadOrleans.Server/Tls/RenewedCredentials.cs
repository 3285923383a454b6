using System.Security.Cryptography.X509Certificates;

namespace KadOrleans.Server;

/// <summary>A process's credentials, read again for each connection, and its judgement of others' certificates.</summary>
internal sealed class RenewedCredentials(CredentialReader reader, Credentials first, TimeProvider time, ILogger<RenewedCredentials> logger)
    : RenewedCertificate<Credentials>(reader.Read, first, time, logger)
{
    private readonly CredentialReader _reader = reader;
    private readonly TimeProvider _time = time;

    public string? FindFlaw(X509Certificate2 certificate, CertificateUse use, X509Chain? chain) =>
        _reader.Policy.FindFlaw(certificate, use, Credentials.Flags(chain), _time.GetUtcNow());
}
