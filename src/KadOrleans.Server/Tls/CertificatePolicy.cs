using System.Security.Cryptography.X509Certificates;

namespace KadOrleans.Server;

// Decides which certificates are acceptable, without I/O. Silos' certificates must carry the DNS name. Private: the authorities are the
// cluster's own, and not the system's roots.
internal sealed class CertificatePolicy(string name, bool isPrivate)
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    /// <summary>Finds the first flaw of a certificate: the rest of a sentence that begins with it. Null if it is acceptable.</summary>
    public string? FindFlaw(X509Certificate2 certificate, CertificateUse use, X509ChainStatusFlags chain, DateTimeOffset now)
    {
        if (PresentedCertificate.FindFlaw(certificate, now) is { } flaw)
        {
            return flaw;
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
}
