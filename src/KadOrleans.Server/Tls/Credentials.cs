using System.Security.Cryptography.X509Certificates;

namespace KadOrleans.Server;

// The certificate that a process presents, and the authorities that it trusts: the system's roots if null.
internal sealed class Credentials(
    X509Certificate2 certificate, X509Certificate2Collection intermediates, X509Certificate2Collection? authorities, string fingerprint)
    : PresentedCertificate(certificate, intermediates, fingerprint)
{
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
