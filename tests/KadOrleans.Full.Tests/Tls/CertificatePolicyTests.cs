using System.Security.Cryptography.X509Certificates;
using KadOrleans.Server.Full;

namespace KadOrleans.Full.Tests;

/// <summary>Which certificates are acceptable, and why others are not.</summary>
public sealed class CertificatePolicyTests : IDisposable
{
    private static readonly CertificatePolicy Private = new("kad", isPrivate: true);
    private static readonly CertificatePolicy Public = new("kad", isPrivate: false);

    private readonly TestAuthority _authority = new();

    [Fact]
    public void A_silo_carries_the_clusters_name_and_a_client_of_a_private_authority_any()
    {
        using var silo = _authority.Issue("silo", "kad");
        using var edge = _authority.Issue("edge", "kad-edge");

        Assert.Null(Judge(Private, silo, CertificateUse.Silo));
        Assert.Null(Judge(Private, edge, CertificateUse.Client));
        Assert.NotNull(Judge(Public, edge, CertificateUse.Client));
        Assert.Null(Judge(Public, silo, CertificateUse.Client));
        Assert.Equal(
            "it carries the DNS names 'kad-edge', and not 'kad' (Kad:Tls:Name, by default the cluster's id)",
            Judge(Private, edge, CertificateUse.Silo));
    }

    [Fact]
    public void A_common_name_does_not_count_as_a_DNS_name()
    {
        using var silo = _authority.Issue("kad", null);
        Assert.StartsWith("it carries no DNS name, and not 'kad'", Judge(Private, silo, CertificateUse.Silo), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_must_be_valid_now()
    {
        using var ended = _authority.Issue("ended", "kad", days: -1);
        using var later = _authority.Issue("later", "kad", days: 400);

        Assert.StartsWith("it is not valid before ", Judge(Private, later, CertificateUse.Silo), StringComparison.Ordinal);
        Assert.Null(Private.FindFlaw(ended, CertificateUse.Silo, default, DateTimeOffset.UtcNow.AddDays(-2)));
        Assert.Matches(@"^it expired at \d{4}-\d\d-\d\d \d\d:\d\d UTC$", Judge(Private, ended, CertificateUse.Silo));
    }

    [Theory]
    [InlineData(TestAuthority.Server, null, false, false)]
    [InlineData(TestAuthority.Client, null, false, true)]
    [InlineData(TestAuthority.Client, TestAuthority.Server, true, true)]
    public void A_certificates_uses_must_include_the_one_it_is_presented_for(string use, string? other, bool isSilo, bool isClient)
    {
        using var certificate = _authority.Issue("a", "kad", other is null ? [use] : [use, other]);

        Assert.Equal(isSilo ? null : "its uses do not include both server and client authentication", Judge(Private, certificate, CertificateUse.Silo));
        Assert.Equal(isClient ? null : "its uses do not include client authentication", Judge(Private, certificate, CertificateUse.Client));
    }

    [Fact]
    public void A_trusted_authority_must_have_signed_a_certificate()
    {
        using var certificate = _authority.Issue("a", "kad");
        Assert.Equal(
            "no authority of Kad:Tls:Authority vouches for it (PartialChain)",
            Private.FindFlaw(certificate, CertificateUse.Client, X509ChainStatusFlags.PartialChain, DateTimeOffset.UtcNow));
    }

    public void Dispose() => _authority.Dispose();

    private static string? Judge(CertificatePolicy policy, X509Certificate2 certificate, CertificateUse use) =>
        policy.FindFlaw(certificate, use, X509ChainStatusFlags.NoError, DateTimeOffset.UtcNow);
}
