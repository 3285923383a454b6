using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KadOrleans.Hosting.Settings;
using Microsoft.Extensions.Options;

namespace KadOrleans.Tls.Certificates;

/// <summary>Finds a certificate in a store of the system.</summary>
internal static class CertificateStore
{
    /// <summary>
    /// Finds a certificate with its private key. Of several with the subject it takes the one that is valid now and expires last.
    /// </summary>
    /// <exception cref="OptionsValidationException">
    /// There is no such certificate, or its key is missing. The message names the setting.
    /// </exception>
    public static X509Certificate2 Find(StoreCertificate wanted, DateTimeOffset now)
    {
        var all = ReadAll(wanted);
        var found = wanted.Thumbprint is { } thumbprint
            ? all.Find(X509FindType.FindByThumbprint, thumbprint, validOnly: false)
            : all.Find(X509FindType.FindBySubjectName, wanted.Subject!, validOnly: false);
        var chosen = found
            .Where(certificate => certificate.HasPrivateKey)
            .OrderByDescending(certificate => certificate.NotBefore <= now)
            .ThenByDescending(certificate => certificate.NotAfter)
            .FirstOrDefault();

        return chosen ?? throw Mistake(wanted, found.Count == 0
            ? "has no such certificate"
            : "has that certificate without its private key, or one that this user may not read");
    }

    private static X509Certificate2Collection ReadAll(StoreCertificate wanted)
    {
        try
        {
            using var store = new X509Store(wanted.Name, wanted.Location);
            store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
            return store.Certificates;
        }
        catch (CryptographicException e)
        {
            throw Mistake(wanted, $"cannot be opened ({(e.InnerException ?? e).Message.TrimEnd('.')})");
        }
    }

    private static OptionsValidationException Mistake(StoreCertificate wanted, string problem) => KadSettings.Mistake(
        $"{wanted.Setting} is '{wanted.Subject ?? wanted.Thumbprint}', but the store {wanted.Location}/{wanted.Name} {problem}; a certificate with its private key is needed there.");
}
