using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cluster.Tests.Providers;

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
        using var common = _authority.Issue("kad", null);

        Assert.Null(Judge(Private, silo, CertificateUse.Silo));
        Assert.Null(Judge(Private, edge, CertificateUse.Client));
        Assert.NotNull(Judge(Public, edge, CertificateUse.Client));
        Assert.Null(Judge(Public, silo, CertificateUse.Client));
        Assert.Equal(
            "it carries the DNS names 'kad-edge', and not 'kad' (Kad:Tls:Name, by default the cluster's id)",
            Judge(Private, edge, CertificateUse.Silo));
        Assert.StartsWith("it carries no DNS name, and not 'kad'", Judge(Private, common, CertificateUse.Silo), StringComparison.Ordinal);
        Assert.Equal(
            "no authority of Kad:Tls:Authority vouches for it (PartialChain)",
            Private.FindFlaw(silo, CertificateUse.Client, X509ChainStatusFlags.PartialChain, DateTimeOffset.UtcNow));
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
    [InlineData(false, false, TestAuthority.Server)]
    [InlineData(false, true, TestAuthority.Client)]
    [InlineData(true, true, TestAuthority.Client, TestAuthority.Server)]
    public void A_certificates_uses_must_include_the_one_it_is_presented_for(bool isSilo, bool isClient, params string[] uses)
    {
        using var certificate = _authority.Issue("a", "kad", uses);

        Assert.Equal(isSilo ? null : "its uses do not include both server and client authentication", Judge(Private, certificate, CertificateUse.Silo));
        Assert.Equal(isClient ? null : "its uses do not include client authentication", Judge(Private, certificate, CertificateUse.Client));
    }

    [Fact]
    public void Each_kind_of_problem_is_logged_once_a_minute()
    {
        var time = new ManualTimeProvider();
        using var log = new StringWriter();
        using var loggers = LoggerFactory.Create(logging => logging.UseConsoleLog(log, verbose: false));
        var problems = new ConnectionProblems(time, new Logger<ConnectionProblems>(loggers));
        for (var i = 0; i < 15; i++)
        {
            problems.Add("certificate refused", $"refused {i}");
            problems.Add("ended early", $"failed {i}");
            time.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(
            ["refused 0", "failed 0", "refused 12", "failed 12"],
            log.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join(' ', line.TrimEnd('.', '\r').Split(' ')[^2..])));
    }

    public void Dispose() => _authority.Dispose();

    private static string? Judge(CertificatePolicy policy, X509Certificate2 certificate, CertificateUse use) =>
        policy.FindFlaw(certificate, use, X509ChainStatusFlags.NoError, DateTimeOffset.UtcNow);
}
