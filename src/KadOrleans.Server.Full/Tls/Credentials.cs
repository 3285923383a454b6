using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Options;

namespace KadOrleans.Server.Full;

// The certificate that a process presents, and the authorities that it trusts: the system's roots if null. Replaced credentials
// are not disposed, as handshakes may still use them. The fingerprint is that of what was read: if it is the same, nothing has changed.
public sealed class Credentials(
    X509Certificate2 certificate, X509Certificate2Collection intermediates, X509Certificate2Collection? authorities, string fingerprint)
{
    public X509Certificate2 Certificate { get; } = certificate;

    // Offline: fetches nothing from an address in a certificate.
    public SslStreamCertificateContext Context { get; } = SslStreamCertificateContext.Create(certificate, intermediates, offline: true);

    public string Fingerprint { get; } = fingerprint;

    /// <summary>The policy to build chains of others' certificates: up to the authorities, without network I/O.</summary>
    public X509ChainPolicy CreateChainPolicy()
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return policy;
    }

    /// <summary>The flaws that others with the same authorities find in this certificate's chain.</summary>
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

    public static X509ChainStatusFlags Flags(X509Chain? chain) =>
        chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status) ?? X509ChainStatusFlags.PartialChain;
}

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

/// <summary>The log messages of TLS: docs/telemetry.md, Events.</summary>
internal static partial class TlsLog
{
    [LoggerMessage(7400, LogLevel.Information, "New connections present the renewed certificate {Subject}, which expires at {End:yyyy-MM-dd HH:mm} UTC")]
    public static partial void CertificateRenewed(this ILogger logger, string subject, DateTime end);

    [LoggerMessage(7401, LogLevel.Warning,
        "The certificate on the disk or in the store cannot be used, and new connections present the previous one, which expires at {End:yyyy-MM-dd HH:mm} UTC: {Problem}")]
    public static partial void CertificateNotRenewed(this ILogger logger, string problem, DateTime end);

    [LoggerMessage(7403, LogLevel.Error,
        "The certificate {Subject} expired at {End:yyyy-MM-dd HH:mm} UTC, and others refuse new connections: replace it")]
    public static partial void CertificateEnded(this ILogger logger, string subject, DateTime end);
}

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

// Decides which certificates are acceptable, without I/O. Silos' certificates must carry the DNS name. Private: the authorities are the
// cluster's own, and not the system's roots.
public sealed class CertificatePolicy(string name, bool isPrivate)
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    /// <summary>Finds the first flaw of a certificate: the rest of a sentence that begins with it. Null if it is acceptable.</summary>
    public string? FindFlaw(X509Certificate2 certificate, CertificateUse use, X509ChainStatusFlags chain, DateTimeOffset now)
    {
        if (certificate.NotAfter < now)
        {
            return $"it expired at {Show(certificate.NotAfter)}";
        }

        if (certificate.NotBefore > now)
        {
            return $"it is not valid before {Show(certificate.NotBefore)}";
        }

        if (!IsFor(certificate, use))
        {
            return $"its uses do not include {(use == CertificateUse.Silo ? "both server and client authentication" : "client authentication")}";
        }

        if (chain != X509ChainStatusFlags.NoError)
        {
            return isPrivate
                ? $"no authority of Kad:Tls:Authority vouches for it ({chain})"
                : $"no authority that the system trusts vouches for it ({chain}), and Kad:Tls:Authority names none";
        }

        // A public authority signs for anybody, so clients of the cluster must carry its name too.
        return (use == CertificateUse.Silo || !isPrivate) && !certificate.MatchesHostname(name, allowCommonName: false)
            ? $"it carries {Names(certificate)}, and not '{name}' (Kad:Tls:Name, by default the cluster's id)"
            : null;
    }

    public static string Show(X509Certificate2 certificate) => KadSettings.Quote(certificate.Subject);

    // A certificate without uses allows all.
    private static bool IsFor(X509Certificate2 certificate, CertificateUse use)
    {
        var uses = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault()?.EnhancedKeyUsages;
        return uses is null || (Has(ClientUse) && (use == CertificateUse.Client || Has(ServerUse)));

        bool Has(string oid) => uses.Cast<System.Security.Cryptography.Oid>().Any(known => known.Value == oid);
    }

    private static string Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames()).ToList();
        return names.Count == 0 ? "no DNS name" : $"the DNS names {KadSettings.Quote(string.Join(", ", names))}";
    }

    private static string Show(DateTime time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
