using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KadOrleans.Server.Full;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace KadOrleans.Full.Tests;

/// <summary>Certificates as they are read: what cannot be used is named, and what was renewed is taken.</summary>
public sealed class CredentialTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kad-tls-").FullName;
    private readonly TestAuthority _authority = new();
    private readonly CertificateFiles _files;

    public CredentialTests()
    {
        _files = new CertificateFiles(_folder);
        using var silo = _authority.Issue("silo", "kad");
        _files.Write(silo, _authority);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        foreach (var (file, setting) in new[] { (_files.Certificate, "Certificate"), (_files.Key, "Key"), (_files.Authority, "Authority") })
        {
            File.Move(file, $"{file}.away");
            Assert.StartsWith($"Kad:Tls:{setting} is '{file}', which cannot be read (", Mistake(), StringComparison.Ordinal);
            File.Move($"{file}.away", file);
        }
    }

    [Fact]
    public void A_file_without_what_it_should_have_is_named()
    {
        File.WriteAllText(_files.Authority, "nothing");
        Assert.StartsWith($"Kad:Tls:Authority is '{_files.Authority}', which has no certificate; ", Mistake(), StringComparison.Ordinal);
        File.WriteAllText(_files.Certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        Assert.StartsWith($"Kad:Tls:Certificate is '{_files.Certificate}', which cannot be read (", Mistake(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_does_not_fit_is_named()
    {
        using var other = _authority.Issue("other", "kad");
        _files.WriteKey(other);
        var expected = $"Kad:Tls:Key is '{_files.Key}', which does not have the private key of Kad:Tls:Certificate, '{_files.Certificate}'; ";
        Assert.StartsWith(expected, Mistake(), StringComparison.Ordinal);

        using var rsa = RSA.Create(2048);
        File.WriteAllText(_files.Key, rsa.ExportPkcs8PrivateKeyPem());
        Assert.StartsWith(expected, Mistake(), StringComparison.Ordinal);
        File.WriteAllText(_files.Key, "nothing");
        Assert.StartsWith(expected, Mistake(), StringComparison.Ordinal);
        File.WriteAllText(_files.Key, rsa.ExportEncryptedPkcs8PrivateKeyPem("hush", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1)));
        Assert.Equal($"Kad:Tls:Key is '{_files.Key}', whose private key is encrypted; one without a password is needed.", Mistake());
    }

    [Fact]
    public void A_certificate_that_others_would_refuse_is_named()
    {
        using var ended = _authority.Issue("ended", "kad", days: -1);
        _files.Write(ended, _authority);
        Assert.StartsWith(
            $"Kad:Tls:Certificate is '{_files.Certificate}', and others will refuse its certificate 'CN=ended': it expired at ", Mistake(), StringComparison.Ordinal);

        using var foreign = new TestAuthority("another");
        using var strange = foreign.Issue("strange", "kad");
        _files.Write(strange, _authority);
        Assert.Contains("others will refuse its certificate 'CN=strange': no authority of Kad:Tls:Authority vouches for it", Mistake(), StringComparison.Ordinal);

        using var edge = _authority.Issue("edge", "kad-edge");
        _files.Write(edge, _authority);
        Assert.Contains("others will refuse its certificate 'CN=edge': it carries the DNS names 'kad-edge', and not 'kad'", Mistake(), StringComparison.Ordinal);
        Assert.Equal("CN=edge", Reader(CertificateUse.Client).Read().Certificate.Subject);
    }

    [Fact]
    public void Without_an_authority_the_systems_roots_decide()
    {
        var options = new KadTlsOptions { Certificate = _files.Certificate, Key = _files.Key, Name = "kad" };
        var mistake = Assert.Throws<OptionsValidationException>(() => new CredentialReader(options, CertificateUse.Silo, TimeProvider.System).Read());
        Assert.Contains(
            ": no authority that the system trusts vouches for it (", Assert.Single(mistake.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void Intermediate_certificates_are_sent()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=in between", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var signed = request.Create(_authority.Certificate, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(9), [1]);
        using var between = signed.CopyWithPrivateKey(key);
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = new CertificateRequest("CN=leaf", leafKey, HashAlgorithmName.SHA256)
            .Create(between, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(8), [2]);
        File.WriteAllLines(_files.Certificate, [leaf.ExportCertificatePem(), between.ExportCertificatePem()]);
        File.WriteAllText(_files.Key, leafKey.ExportPkcs8PrivateKeyPem());

        Assert.Equal("CN=in between", Assert.Single(Reader(CertificateUse.Client).Read().Context.IntermediateCertificates).Subject);
    }

    [Fact]
    public void An_unknown_subject_of_a_store_is_named()
    {
        var options = new KadTlsOptions { Store = new StoreCertificate { Name = "KadOrleansNone", Subject = "kad-silo" }, Name = "kad" };
        var mistake = Assert.Throws<OptionsValidationException>(() => new CredentialReader(options, CertificateUse.Silo, TimeProvider.System).Read());
        Assert.StartsWith(
            "Kad:Tls:Store:Subject is 'kad-silo', but the store CurrentUser/KadOrleansNone ", Assert.Single(mistake.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_of_a_store_is_found_by_its_subject_and_by_its_thumbprint()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere a store of the user cannot be made for a test.");
        using var made = _authority.Issue("kad-silo-in-a-store", "kad");
        using var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.PersistKeySet);
        using var store = new X509Store("KadOrleansTests", StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadWrite);
        store.Add(certificate);
        try
        {
            foreach (var (subject, thumbprint) in new (string?, string?)[] { ("kad-silo-in-a-store", null), (null, certificate.Thumbprint) })
            {
                var options = new KadTlsOptions
                {
                    Store = new StoreCertificate { Name = store.Name!, Subject = subject, Thumbprint = thumbprint }, Authority = _files.Authority, Name = "kad",
                };
                var reader = new CredentialReader(options, CertificateUse.Silo, TimeProvider.System);
                var found = reader.Read();
                Assert.Equal((certificate.Thumbprint, true), (found.Certificate.Thumbprint, found.Certificate.HasPrivateKey));
                Assert.Same(found, reader.Read(found));
            }
        }
        finally
        {
            store.Remove(certificate);
        }
    }

    [Fact]
    public void A_renewed_certificate_is_used_only_with_its_key()
    {
        var reader = Reader(CertificateUse.Silo);
        var first = reader.Read();
        var renewed = new RenewedCredentials(reader, first, TimeProvider.System, NullLogger<RenewedCredentials>.Instance);
        Assert.Same(first, renewed.Get());

        using var next = _authority.Issue("next", "kad");
        _files.WriteCertificate(next);
        Assert.Same(first, renewed.Get());
        _files.WriteKey(next);
        Assert.Equal("CN=next", renewed.Get().Certificate.Subject);
        Assert.Same(renewed.Get(), renewed.Get());

        using var ended = _authority.Issue("ended", "kad", days: -1);
        _files.Write(ended, _authority);
        Assert.Equal("CN=next", renewed.Get().Certificate.Subject);
        File.Delete(_files.Key);
        Assert.Equal("CN=next", renewed.Get().Certificate.Subject);
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private CredentialReader Reader(CertificateUse use) => new(
        new KadTlsOptions { Certificate = _files.Certificate, Key = _files.Key, Authority = _files.Authority, Name = "kad" }, use, TimeProvider.System);

    private string Mistake() => Assert.Single(Assert.Throws<OptionsValidationException>(() => Reader(CertificateUse.Silo).Read()).Failures);
}
