using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace KadOrleans.Http;

// The certificate that a process presents, with what is below its authority. A replaced one is not disposed, as handshakes may still use
// it. The fingerprint is that of what was read: if it is the same, nothing has changed.
internal class PresentedCertificate(X509Certificate2 certificate, X509Certificate2Collection intermediates, string fingerprint)
{
    public X509Certificate2 Certificate { get; } = certificate;

    // Offline: fetches nothing from an address in a certificate.
    public SslStreamCertificateContext Context { get; } = SslStreamCertificateContext.Create(certificate, intermediates, offline: true);

    public string Fingerprint { get; } = fingerprint;

    /// <summary>Its subject in quotation marks.</summary>
    public string Subject => KadSettings.Quote(Certificate.Subject);

    /// <summary>The fingerprint of what a certificate was read from.</summary>
    public static string FingerprintOf(string text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Whether a time is before or after a certificate's life: the rest of a sentence that begins with it. Null if it is neither.</summary>
    public static string? FindFlaw(X509Certificate2 certificate, DateTimeOffset now) => certificate.NotAfter < now
        ? $"it expired at {Show(certificate.NotAfter)}"
        : certificate.NotBefore > now ? $"it is not valid before {Show(certificate.NotBefore)}" : null;

    private static string Show(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
