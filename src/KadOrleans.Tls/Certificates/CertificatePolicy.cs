using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using KadOrleans.Core;
using KadOrleans.Hosting.Cluster.Connections;

namespace KadOrleans.Tls.Certificates;

/// <summary>Decides which certificates are acceptable, without I/O.</summary>
/// <param name="name">The DNS name that silos' certificates must carry.</param>
/// <param name="isPrivate">Whether the authorities are the cluster's own, and not the system's roots.</param>
internal sealed class CertificatePolicy(string name, bool isPrivate)
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    /// <summary>Returns the first flaw of a certificate.</summary>
    /// <param name="certificate">Null if none was presented.</param>
    /// <param name="use">What it is presented for.</param>
    /// <param name="chain">The result of building its chain to a trusted authority.</param>
    /// <param name="now">The present.</param>
    public CertificateFlaw Judge(X509Certificate2? certificate, CertificateUse use, X509ChainStatusFlags chain, DateTimeOffset now)
    {
        if (certificate is null)
        {
            return CertificateFlaw.Missing;
        }

        if (certificate.NotAfter < now)
        {
            return CertificateFlaw.Ended;
        }

        if (certificate.NotBefore > now)
        {
            return CertificateFlaw.NotBegun;
        }

        if (!IsFor(certificate, use))
        {
            return CertificateFlaw.OtherUse;
        }

        if (chain != X509ChainStatusFlags.NoError)
        {
            return CertificateFlaw.ForeignAuthority;
        }

        // A public authority signs for anybody, so clients of the cluster must carry its name too.
        return (use == CertificateUse.Silo || !isPrivate) && !certificate.MatchesHostname(name, allowCommonName: false)
            ? CertificateFlaw.OtherName
            : CertificateFlaw.None;
    }

    /// <summary>Explains a flaw: the rest of a sentence that begins with the certificate.</summary>
    public string Explain(CertificateFlaw flaw, X509Certificate2 certificate, CertificateUse use, X509ChainStatusFlags chain) => flaw switch
    {
        CertificateFlaw.Ended => $"it expired at {Show(certificate.NotAfter)}",
        CertificateFlaw.NotBegun => $"it is not valid before {Show(certificate.NotBefore)}",
        CertificateFlaw.OtherUse => $"its uses do not include {(use == CertificateUse.Silo ? "both server and client authentication" : "client authentication")}",
        CertificateFlaw.ForeignAuthority => isPrivate
            ? $"no authority of Kad:Tls:Authority vouches for it ({chain})"
            : $"no authority that the system trusts vouches for it ({chain}), and Kad:Tls:Authority names none",
        CertificateFlaw.OtherName => $"it carries {Names(certificate)}, and not '{name}' (Kad:Tls:Name, by default the cluster's id)",
        _ => throw new ArgumentOutOfRangeException(nameof(flaw), flaw, "This flaw has no certificate."),
    };

    /// <summary>A certificate's subject, shortened.</summary>
    public static string Show(X509Certificate2 certificate) => $"'{VisibleText.Excerpt(certificate.Subject)}'";

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
        return names.Count == 0 ? "no DNS name" : $"the DNS names '{VisibleText.Excerpt(string.Join(", ", names))}'";
    }

    private static string Show(DateTime time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}

/// <summary>Why a certificate is not acceptable.</summary>
internal enum CertificateFlaw
{
    /// <summary>The certificate is acceptable.</summary>
    None,

    /// <summary>No certificate was presented.</summary>
    Missing,

    /// <summary>It has expired.</summary>
    Ended,

    /// <summary>It is not valid yet.</summary>
    NotBegun,

    /// <summary>Its uses do not include the one that it is presented for.</summary>
    OtherUse,

    /// <summary>No trusted authority signed it, or only one that has expired.</summary>
    ForeignAuthority,

    /// <summary>It does not carry the cluster's name.</summary>
    OtherName,
}
