using System.Diagnostics;
using KadOrleans.Server.Full;

namespace KadOrleans.Full.Tests;

/// <summary>What the script of the manifests makes is what silos and edges take.</summary>
public sealed class CertificateScriptTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kad-certificates-").FullName;

    [Fact]
    [Needs(Need.OpenSsl)]
    public async Task The_script_makes_accepted_certificates_and_renews_them()
    {
        await RunAsync();
        var (silo, edge) = (Read("silo", CertificateUse.Silo), Read("edge", CertificateUse.Client));
        Assert.False(edge.Certificate.MatchesHostname("kad"));
        await RunAsync();

        Assert.NotEqual(silo.Certificate.Thumbprint, Read("silo", CertificateUse.Silo).Certificate.Thumbprint);
        Assert.Equal(silo.Certificate.Issuer, Read("silo", CertificateUse.Silo).Certificate.Issuer);
        Assert.Equal(
            File.ReadAllText(Path.Combine(_folder, "authority", "ca.crt")), File.ReadAllText(Path.Combine(_folder, "edge", "ca.crt")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, "silo", "tls.key")));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Credentials Read(string part, CertificateUse use)
    {
        var files = new CertificateFiles(Path.Combine(_folder, part));
        var options = new KadTlsOptions { Certificate = files.Certificate, Key = files.Key, Authority = files.Authority, Name = "kad" };
        return new CredentialReader(options, use, TimeProvider.System).Read();
    }

    private async Task RunAsync()
    {
        using var script = Process.Start("sh", [Repository.Path("infra/kubernetes/components/tls/certificates.sh"), _folder]);
        await script.WaitForExitAsync();
        Assert.Equal(0, script.ExitCode);
    }
}
