namespace KadOrleans.Cluster.Tests.Providers;

public sealed class CertificateScriptTests : FolderTests
{
    [Fact]
    [Needs(Need.OpenSsl)]
    public async Task The_script_makes_accepted_certificates_and_renews_them()
    {
        await RunAsync();
        var (silo, edge) = (Read("silo", CertificateUse.Silo), Read("edge", CertificateUse.Client));
        Assert.False(edge.Certificate.MatchesHostname("kad"));
        var http = Path.Combine(Folder, "http");
        var served = new HttpCertificateReader(
            new HttpCertificateOptions(
                Path.Combine(http, "tls.crt"), Path.Combine(http, "tls.key"), Password: null), TimeProvider.System).Read().Certificate;
        Assert.All(
            (string[])["kad-dashboard", "kad-dashboard.kad", "localhost", "127.0.0.1"], name => Assert.True(served.MatchesHostname(name), name));
        Assert.False(served.MatchesHostname("kad"));
        await RunAsync();

        Assert.NotEqual(silo.Certificate.Thumbprint, Read("silo", CertificateUse.Silo).Certificate.Thumbprint);
        Assert.Equal(silo.Certificate.Issuer, Read("silo", CertificateUse.Silo).Certificate.Issuer);
        Assert.Equal(
            File.ReadAllText(Path.Combine(Folder, "authority", "ca.crt")), File.ReadAllText(Path.Combine(Folder, "edge", "ca.crt")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Folder, "silo", "tls.key")));
        }
    }

    private Credentials Read(string part, CertificateUse use) =>
        new CredentialReader(new CertificateFiles(Path.Combine(Folder, part)).Options, use, TimeProvider.System).Read();

    private async Task RunAsync()
    {
        using var script = Process.Start("sh", [Repository.Path("infra/kubernetes/components/tls/certificates.sh"), Folder]);
        await script.WaitForExitAsync();
        Assert.Equal(0, script.ExitCode);
    }
}
