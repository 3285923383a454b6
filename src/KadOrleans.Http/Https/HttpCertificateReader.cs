using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace KadOrleans.Http;

/// <summary>Reads the certificate of HTTPS, and checks that browsers and programs may accept it. Its authority is theirs to know.</summary>
internal sealed class HttpCertificateReader(HttpCertificateOptions options, TimeProvider time)
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";

    /// <summary>Reads the files.</summary>
    /// <param name="known">The certificate of the last reading, which is returned if nothing has changed.</param>
    /// <exception cref="OptionsValidationException">It cannot be used. One sentence, without the password.</exception>
    public PresentedCertificate Read(PresentedCertificate? known = null)
    {
        var content = CertificateFile.ReadBytes(HttpCertificateOptions.PathSetting, options.Path, "a PEM or PKCS#12 file");
        var key = options.KeyPath is { } path
            ? Encoding.UTF8.GetString(CertificateFile.ReadBytes(HttpCertificateOptions.KeyPathSetting, path, "a PEM file"))
            : null;
        var fingerprint = PresentedCertificate.FingerprintOf($"{Convert.ToHexString(content)}\0{key}");
        if (known?.Fingerprint == fingerprint)
        {
            return known;
        }

        var (own, others) = key is null ? FromPkcs12(content) : FromPem(Encoding.UTF8.GetString(content), key);
        return (PresentedCertificate.FindFlaw(own, time.GetUtcNow()) ?? FindUse(own)) is { } flaw
            ? throw KadSettings.Mistake(
                $"{HttpCertificateOptions.PathSetting} is '{options.Path}', and others will refuse its certificate "
                    + $"{KadSettings.Quote(own.Subject)}: {flaw}.")
            : new PresentedCertificate(own, others, fingerprint);
    }

    private (X509Certificate2 Own, X509Certificate2Collection Others) FromPem(string certificate, string key)
    {
        var all = CertificateFile.ReadPem(HttpCertificateOptions.PathSetting, options.Path, certificate);
        var isEncrypted = CertificateFile.IsEncrypted(key);
        if (isEncrypted && options.Password is null)
        {
            throw KadSettings.Mistake(
                $"{HttpCertificateOptions.KeyPathSetting} is '{options.KeyPath}', whose private key is encrypted; its password in "
                    + $"{HttpCertificateOptions.PasswordSetting} is needed.");
        }

        try
        {
            var own = CertificateFile.WithKey(certificate, key, isEncrypted ? options.Password : null);
            all[0].Dispose();
            all.RemoveAt(0);
            return (own, all);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw KadSettings.Mistake(isEncrypted
                ? $"{HttpCertificateOptions.PasswordSetting} does not open the private key in '{options.KeyPath}', of '{options.Path}'; its "
                    + $"password is needed."
                : $"{HttpCertificateOptions.KeyPathSetting} is '{options.KeyPath}', which does not have the private key of '{options.Path}'; "
                    + $"a PEM file with that key is needed.");
        }
    }

    private (X509Certificate2 Own, X509Certificate2Collection Others) FromPkcs12(byte[] content)
    {
        if (content.AsSpan().IndexOf("-----BEGIN CERTIFICATE-----"u8) >= 0)
        {
            throw KadSettings.Mistake(
                $"{HttpCertificateOptions.KeyPathSetting} is missing; the PEM file with the private key of '{options.Path}' is needed.");
        }

        X509Certificate2Collection all;
        try
        {
            all = X509CertificateLoader.LoadPkcs12Collection(content, options.Password);
        }
        catch (CryptographicException)
        {
            throw KadSettings.Mistake(
                $"{HttpCertificateOptions.PathSetting} is '{options.Path}', which {HttpCertificateOptions.PasswordSetting} does not open; a "
                    + $"PKCS#12 file and its password are needed.");
        }

        var own = all.FirstOrDefault(certificate => certificate.HasPrivateKey) ?? throw KadSettings.Mistake(
            $"{HttpCertificateOptions.PathSetting} is '{options.Path}', which has no certificate with a private key; a PKCS#12 file with one "
                + $"is needed.");
        all.Remove(own);
        return (own, all);
    }

    // A certificate without uses allows all.
    private static string? FindUse(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is not { } uses
        || uses.EnhancedKeyUsages.Cast<Oid>().Any(use => use.Value == ServerUse)
            ? null
            : "its uses do not include server authentication";
}
