using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace KadOrleans.Server;

/// <summary>Reads credentials from files or a store, and checks that others will accept them.</summary>
internal sealed class CredentialReader(KadTlsOptions options, CertificateUse use, TimeProvider time)
{
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
        var fingerprint = PresentedCertificate.FingerprintOf($"{certificate}\0{key}\0{authority}");
        if (known?.Fingerprint == fingerprint)
        {
            return known;
        }

        var all = CertificateFile.ReadPem(KadTlsOptions.CertificateSetting, options.Certificate!, certificate);
        var own = WithKey(certificate, key);
        all[0].Dispose();
        all.RemoveAt(0);
        return new Credentials(own, all, ReadAuthorities(authority), fingerprint);
    }

    private Credentials FromStore(StoreCertificate store, string? authority, Credentials? known)
    {
        var own = FindInStore(store);
        var fingerprint = PresentedCertificate.FingerprintOf($"{own.Thumbprint}\0{authority}");
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
        text is null ? null : CertificateFile.ReadPem(KadTlsOptions.AuthoritySetting, options.Authority!, text);

    private X509Certificate2 WithKey(string certificate, string key)
    {
        try
        {
            return CertificateFile.WithKey(certificate, key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            var reason = CertificateFile.IsEncrypted(key)
                ? "whose private key is encrypted; one without a password is needed"
                : $"which does not have the private key of {KadTlsOptions.CertificateSetting}, '{options.Certificate}'; a PEM file with that key is needed";
            throw KadSettings.Mistake($"{KadTlsOptions.KeySetting} is '{options.Key}', {reason}.");
        }
    }

    private static string ReadFile(string setting, string file) => Encoding.UTF8.GetString(CertificateFile.ReadBytes(setting, file, "a PEM file"));
}
