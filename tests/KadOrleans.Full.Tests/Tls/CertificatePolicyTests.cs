using System.Security.Cryptography.X509Certificates;
using KadOrleans.Tls.Certificates;

namespace KadOrleans.Full.Tests.Tls;

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

        Assert.Equal(CertificateFlaw.None, Judge(Private, silo, CertificateUse.Silo));
        Assert.Equal(CertificateFlaw.None, Judge(Private, edge, CertificateUse.Client));
        Assert.Equal(CertificateFlaw.OtherName, Judge(Private, edge, CertificateUse.Silo));
        Assert.Equal(CertificateFlaw.OtherName, Judge(Public, edge, CertificateUse.Client));
        Assert.Equal(CertificateFlaw.None, Judge(Public, silo, CertificateUse.Client));
        Assert.Equal(
            "it carries the DNS names 'kad-edge', and not 'kad' (Kad:Tls:Name, by default the cluster's id)",
            Private.Explain(CertificateFlaw.OtherName, edge, CertificateUse.Silo, default));
    }

    [Fact]
    public void A_common_name_does_not_count_as_a_DNS_name()
    {
        using var silo = _authority.Issue("kad", null);
        Assert.Equal(CertificateFlaw.OtherName, Judge(Private, silo, CertificateUse.Silo));
        Assert.StartsWith("it carries no DNS name, and not 'kad'", Private.Explain(CertificateFlaw.OtherName, silo, CertificateUse.Silo, default), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_must_be_valid_now()
    {
        using var ended = _authority.Issue("ended", "kad", days: -1);
        using var later = _authority.Issue("later", "kad", days: 400);

        Assert.Equal(CertificateFlaw.Ended, Judge(Private, ended, CertificateUse.Silo));
        Assert.Equal(CertificateFlaw.NotBegun, Judge(Private, later, CertificateUse.Silo));
        Assert.Equal(CertificateFlaw.None, Private.Judge(ended, CertificateUse.Silo, default, DateTimeOffset.UtcNow.AddDays(-2)));
        Assert.Matches(@"^it expired at \d{4}-\d\d-\d\d \d\d:\d\d UTC$", Private.Explain(CertificateFlaw.Ended, ended, CertificateUse.Silo, default));
    }

    [Theory]
    [InlineData(TestAuthority.Server, null, false, false)]
    [InlineData(TestAuthority.Client, null, false, true)]
    [InlineData(TestAuthority.Client, TestAuthority.Server, true, true)]
    public void A_certificates_uses_must_include_the_one_it_is_presented_for(string use, string? other, bool isSilo, bool isClient)
    {
        using var certificate = _authority.Issue("a", "kad", other is null ? [use] : [use, other]);

        Assert.Equal(isSilo ? CertificateFlaw.None : CertificateFlaw.OtherUse, Judge(Private, certificate, CertificateUse.Silo));
        Assert.Equal(isClient ? CertificateFlaw.None : CertificateFlaw.OtherUse, Judge(Private, certificate, CertificateUse.Client));
    }

    [Fact]
    public void A_trusted_authority_must_have_signed_a_certificate()
    {
        using var certificate = _authority.Issue("a", "kad");
        Assert.Equal(CertificateFlaw.ForeignAuthority, Private.Judge(certificate, CertificateUse.Client, X509ChainStatusFlags.PartialChain, DateTimeOffset.UtcNow));
        Assert.Equal(CertificateFlaw.Missing, Private.Judge(null, CertificateUse.Client, default, DateTimeOffset.UtcNow));
        Assert.Equal(
            "no authority of Kad:Tls:Authority vouches for it (PartialChain)",
            Private.Explain(CertificateFlaw.ForeignAuthority, certificate, CertificateUse.Client, X509ChainStatusFlags.PartialChain));
    }

    public void Dispose() => _authority.Dispose();

    private static CertificateFlaw Judge(CertificatePolicy policy, X509Certificate2 certificate, CertificateUse use) =>
        policy.Judge(certificate, use, X509ChainStatusFlags.NoError, DateTimeOffset.UtcNow);
}
