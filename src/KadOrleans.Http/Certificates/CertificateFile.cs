using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KadOrleans.Http;

/// <summary>Reads files of certificates and keys. Each mistake is one sentence with the setting that names the file.</summary>
internal static class CertificateFile
{
    // Certificates and keys are a few kilobytes; a bundle of all public authorities is below 1 MiB.
    private const int MaxLength = 4 << 20;

    /// <summary>The bytes of a file, at most 4 MiB.</summary>
    /// <exception cref="OptionsValidationException">It cannot be read.</exception>
    public static byte[] ReadBytes(string setting, string path, string needed)
    {
        try
        {
            using var stream = File.OpenRead(path);
            if (stream.Length > MaxLength)
            {
                throw KadSettings.Mistake($"{setting} is '{path}', which has {stream.Length} bytes; {needed} of at most {MaxLength} is needed.");
            }

            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            return content;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw KadSettings.Mistake($"{setting} is '{path}', which cannot be read ({Phrases.OfFile(path, e)}); {needed} is needed.");
        }
    }

    /// <summary>The certificates of a PEM file's text: one or more.</summary>
    /// <exception cref="OptionsValidationException">There is none, or one is broken.</exception>
    public static X509Certificate2Collection ReadPem(string setting, string path, string text)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
        }
        catch (CryptographicException e)
        {
            throw KadSettings.Mistake(
                $"{setting} is '{path}', which cannot be read ({Phrases.Of(e.Message)}); a PEM file of certificates is needed.");
        }

        return certificates.Count > 0
            ? certificates
            : throw KadSettings.Mistake($"{setting} is '{path}', which has no certificate; a PEM file with '-----BEGIN CERTIFICATE-----' is needed.");
    }

    /// <summary>A certificate in PEM with its private key, which a password may encrypt.</summary>
    /// <exception cref="CryptographicException">They do not belong together, or the password is wrong.</exception>
    /// <exception cref="ArgumentException">One of them is none.</exception>
    public static X509Certificate2 WithKey(string certificate, string key, string? password = null)
    {
        var own = password is null
            ? X509Certificate2.CreateFromPem(certificate, key)
            : X509Certificate2.CreateFromEncryptedPem(certificate, key, password);
        if (!OperatingSystem.IsWindows())
        {
            return own;
        }

        // On Windows a certificate cannot be presented if its key is only in memory.
        using (own)
        {
            return X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null);
        }
    }

    /// <summary>Whether a PEM file's text has a private key that needs a password.</summary>
    public static bool IsEncrypted(string key) => key.Contains("BEGIN ENCRYPTED PRIVATE KEY", StringComparison.Ordinal);
}
