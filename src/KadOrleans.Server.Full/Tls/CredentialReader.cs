using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Options;

namespace KadOrleans.Server.Full;

/// <summary>Reads credentials from files or a store, and checks that others will accept them.</summary>
public sealed class CredentialReader(KadTlsOptions options, CertificateUse use, TimeProvider time)
{
    // Certificates and keys are a few kilobytes; a bundle of all public authorities is below 1 MiB.
    private const long MaxFileLength = 4 << 20;

    public CertificatePolicy Policy { get; } = new(options.Name, options.Authority is not null);

    // known: the credentials of the last reading. Returns known if nothing has changed.
    public Credentials Read(Credentials? known = null)
    {
        var authority = options.Authority is { } file ? ReadFile(KadTlsOptions.AuthoritySetting, file) : null;
        var credentials = options.Store is { } store ? FromStore(store, authority, known) : FromFiles(authority, known);
        if (credentials != known)
        {
            Check(credentials);
        }

        return credentials;
    }

    private Credentials FromFiles(string? authority, Credentials? known)
    {
        var certificate = ReadFile(KadTlsOptions.CertificateSetting, options.Certificate!);
        var key = ReadFile(KadTlsOptions.KeySetting, options.Key!);
        var fingerprint = Digest($"{certificate}\0{key}\0{authority}");
        if (known?.Fingerprint == fingerprint)
        {
            return known;
        }

        var all = ReadCertificates(KadTlsOptions.CertificateSetting, options.Certificate!, certificate);
        var own = WithKey(certificate, key);
        all[0].Dispose();
        all.RemoveAt(0);
        return new Credentials(own, all, ReadAuthorities(authority), fingerprint);
    }

    private Credentials FromStore(StoreCertificate store, string? authority, Credentials? known)
    {
        var own = FindInStore(store);
        var fingerprint = Digest($"{own.Thumbprint}\0{authority}");
        if (known?.Fingerprint == fingerprint)
        {
            own.Dispose();
            return known;
        }

        // Without intermediates: the system finds them in its stores.
        return new Credentials(own, [], ReadAuthorities(authority), fingerprint);
    }

    // Of several with the subject it takes the one that is valid now and expires last.
    private X509Certificate2 FindInStore(StoreCertificate wanted)
    {
        var now = time.GetUtcNow();
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

    private X509Certificate2Collection ReadAll(StoreCertificate wanted)
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

    private OptionsValidationException Mistake(StoreCertificate wanted, string problem) => KadSettings.Mistake(
        $"{options.Setting} is '{options.SettingValue}', but the store {wanted.Location}/{wanted.Name} {problem}; a certificate with its private key is needed there.");

    private void Check(Credentials credentials)
    {
        if (Policy.FindFlaw(credentials.Certificate, use, credentials.CheckChain(), time.GetUtcNow()) is { } flaw)
        {
            throw KadSettings.Mistake(
                $"{options.Setting} is '{options.SettingValue}', and others will refuse its certificate {CertificatePolicy.Show(credentials.Certificate)}: {flaw}.");
        }
    }

    private X509Certificate2Collection? ReadAuthorities(string? text) =>
        text is null ? null : ReadCertificates(KadTlsOptions.AuthoritySetting, options.Authority!, text);

    private static X509Certificate2Collection ReadCertificates(string setting, string file, string text)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
        }
        catch (CryptographicException e)
        {
            throw KadSettings.Mistake($"{setting} is '{file}', which cannot be read ({e.Message.TrimEnd('.')}); a PEM file of certificates is needed.");
        }

        return certificates.Count > 0
            ? certificates
            : throw KadSettings.Mistake($"{setting} is '{file}', which has no certificate; a PEM file with '-----BEGIN CERTIFICATE-----' is needed.");
    }

    private X509Certificate2 WithKey(string certificate, string key)
    {
        try
        {
            var own = X509Certificate2.CreateFromPem(certificate, key);
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
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            var reason = key.Contains("BEGIN ENCRYPTED PRIVATE KEY", StringComparison.Ordinal)
                ? "whose private key is encrypted; one without a password is needed"
                : $"which does not have the private key of {KadTlsOptions.CertificateSetting}, '{options.Certificate}'; a PEM file with that key is needed";
            throw KadSettings.Mistake($"{KadTlsOptions.KeySetting} is '{options.Key}', {reason}.");
        }
    }

    private static string ReadFile(string setting, string file)
    {
        try
        {
            using var stream = File.OpenRead(file);
            if (stream.Length > MaxFileLength)
            {
                throw KadSettings.Mistake($"{setting} is '{file}', which has {stream.Length} bytes; a PEM file of at most {MaxFileLength} is needed.");
            }

            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw KadSettings.Mistake($"{setting} is '{file}', which cannot be read ({e.Message.TrimEnd('.')}); a PEM file is needed.");
        }
    }

    private static string Digest(string text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
